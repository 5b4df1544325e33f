// One HTTP request as the route handlers see it: decoded, complete, and free of the parser's types.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "api/http/http_settings.hpp"
#include "api/text/text.hpp"
#include "net/base/endpoint.hpp"

namespace berth::api {

/// A request. Made by the session, which keeps it alive and unchanged until the reply, streamed ones included, is over:
/// handlers may hold references to it across co_await.
struct http_request {
  std::string method;   ///< "GET"
  std::string target;   ///< as sent, e.g. "/v1/streams/a%2Fb?app=rtp"
  std::string path;     ///< percent-decoded, without the query
  name_values query;    ///< names and values decoded, in order
  name_values headers;  ///< in order
  std::string body;
  net::endpoint peer;
  net::endpoint local;
  bool keep_alive = true;
  unsigned http_minor = 1;  ///< HTTP/1.0 or HTTP/1.1
  name_values segments;     ///< what the {names} of the route's template stand for; filled by the router
  std::shared_ptr<const http_settings> settings = default_settings();  ///< in force when the request came; never null

  /// Splits a target (origin, absolute or asterisk form, RFC 9112 3.2) into path and query.
  void set_target(std::string text);
  /// The path as sent, still percent-encoded.
  std::string_view raw_path() const noexcept;
  /// What stands behind the '?', as sent.
  std::string_view raw_query() const noexcept;

  /// The first header of that name, or "".
  std::string_view header(std::string_view name) const noexcept;
  bool has_header(std::string_view name) const noexcept;
  /// The last query parameter of exactly that name, or null.
  const std::string* query_value(std::string_view name) const noexcept;
  /// What stands for {name} in the route's template, or "".
  std::string_view segment(std::string_view name) const noexcept;
  bool has_segment(std::string_view name) const noexcept;

 private:
  static std::shared_ptr<const http_settings> default_settings();
};

}  // namespace berth::api
