// From a request to the code that answers it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/container/small_vector.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/http/http_reply.hpp"
#include "api/http/http_request.hpp"

namespace berth::api {

/// Table of routes. Filled before the server starts, then only read, from all threads that serve HTTP.
///
/// Exact routes are matched without regard to case and answer GET, POST, PUT and DELETE alike; HEAD is answered without
/// calling them. Templates are matched segment by segment on the path as sent, so that a segment may hold an encoded
/// slash, and have one method each (a GET answers HEAD too).
class router {
 public:
  /// `path`: e.g. "/index/api/openRtpServer"
  void add(std::string path, handler answer);
  /// `path`: e.g. "/v1/streams/{stream_id}"; the handler reads request.segment("stream_id"). Fixed segments win.
  void add(std::string method, std::string path, handler answer);

  /// Answers a GET of a path outside /v1 that no route has.
  void set_fallback(handler answer) { fallback_ = std::move(answer); }

  /// Answers the request, whatever it is: 404, 405, HEAD and OPTIONS included. Fills request.segments.
  boost::asio::awaitable<http_reply> dispatch(http_request& request) const;

  /// The exact paths as they were added, sorted, for getApiList.
  std::vector<std::string> paths() const;
  /// The templates as they were added, e.g. "PUT /v1/streams/{stream_id}", sorted.
  std::vector<std::string> templates() const;

 private:
  struct pattern {
    std::string method;
    std::vector<std::string> parts;  // "{name}" or fixed text
    handler answer;
  };
  using matches = boost::container::small_vector<const pattern*, 4>;
  /// Of paths without regard to case.
  struct same_path {
    using is_transparent = void;
    std::size_t operator()(std::string_view path) const noexcept;
    bool operator()(std::string_view a, std::string_view b) const noexcept { return equal_ignoring_case(a, b); }
  };

  matches find_patterns(const http_request& request) const;
  static const pattern* with_method(const matches& found, std::string_view method);

  std::unordered_map<std::string, handler, same_path, same_path> exact_;
  std::vector<pattern> patterns_;
  handler fallback_;
};

}  // namespace berth::api
