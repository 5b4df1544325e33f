// Talks to a daemon as its clients do: HTTP with kept connections, one request at a time.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace berth::tests {

using text_pairs = std::vector<std::pair<std::string, std::string>>;

struct http_answer {
  int status = 0;
  text_pairs headers;
  std::string body;

  /// The first header of that name in any case, or "".
  std::string header(std::string_view name) const;
  /// The body as JSON; throws with the body's text if it is none.
  boost::json::value json() const;
};

/// A client with one connection, which it keeps and opens anew when the server has closed it. Every wait is bounded.
/// Throws std::runtime_error when there is no answer. Used by one thread at a time.
class http_client {
 public:
  explicit http_client(std::uint16_t port);
  ~http_client();
  http_client(http_client&&) noexcept;
  http_client& operator=(http_client&&) noexcept;

  http_answer request(std::string_view method, const std::string& target, const std::string& body = {},
                      const text_pairs& headers = {});
  http_answer get(const std::string& target, const text_pairs& headers = {}) {
    return request("GET", target, {}, headers);
  }
  http_answer del(const std::string& target, const text_pairs& headers = {}) {
    return request("DELETE", target, {}, headers);
  }
  http_answer put(const std::string& target, const boost::json::value& body, text_pairs headers = {});
  http_answer post_json(const std::string& target, const boost::json::value& body, text_pairs headers = {});
  http_answer post_form(const std::string& target, const text_pairs& form, text_pairs headers = {});

  /// How many connections were made: 1 as long as the server keeps the first one.
  int connections() const noexcept;
  /// Whether the server has closed the connection since the last answer.
  bool closed_by_server();

 private:
  struct connection;
  std::unique_ptr<connection> connection_;
};

/// RFC 3986 2.1, for one argument.
std::string percent_encode(std::string_view text);
/// "a=1&b=2", encoded.
std::string form_text(const text_pairs& arguments);

/// ZLMediaKit's face (/index/api/...): calls by name, with the secret added.
class peer_face {
 public:
  peer_face(std::uint16_t port, std::string secret) : client_(port), secret_(std::move(secret)) {}

  /// GET with a query. Throws unless the HTTP status is 200 and the body an object with an integer `code`.
  boost::json::object call(const std::string& name, const text_pairs& arguments = {});
  http_client& client() noexcept { return client_; }

 private:
  http_client client_;
  std::string secret_;
};

/// The native face (/v1/...): a client that sends the bearer token.
class native_face {
 public:
  native_face(std::uint16_t port, const std::string& secret)
      : client_(port), headers_{{"Authorization", "Bearer " + secret}} {}

  http_answer get(const std::string& target) { return client_.get(target, headers_); }
  http_answer put(const std::string& target, const boost::json::value& body = boost::json::object{}) {
    return client_.put(target, body, headers_);
  }
  http_answer post(const std::string& target, const boost::json::value& body) {
    return client_.post_json(target, body, headers_);
  }
  http_answer del(const std::string& target, const std::string& if_match = {});
  /// GET /v1/streams/{id} as an object; throws unless the status is 200.
  boost::json::object stream(const std::string& id);
  boost::json::object ports() { return get("/v1/ports").json().as_object(); }
  http_client& client() noexcept { return client_; }

 private:
  http_client client_;
  text_pairs headers_;
};

/// A number of either sign in a JSON object; throws with the object's text if there is none.
std::int64_t number(const boost::json::object& o, std::string_view name);
std::string text(const boost::json::object& o, std::string_view name);
bool flag(const boost::json::object& o, std::string_view name);

}  // namespace berth::tests
