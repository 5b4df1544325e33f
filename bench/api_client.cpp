#include "bench/api_client.hpp"

#include <sys/socket.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <stdexcept>

namespace berth::bench {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr std::uint64_t largest_answer = 256 << 20;
constexpr timeval answer_patience{10, 0};

std::uint64_t number(const boost::json::object& o, std::string_view name) {
  const auto* v = o.if_contains(name);
  return v != nullptr && v->is_number() ? v->to_number<std::uint64_t>() : 0;
}

// The text of a scalar member at whatever depth, however the object is laid out; "" if there is none.
std::string_view member(std::string_view body, std::string_view name) {
  const auto at = body.find("\"" + std::string{name} + "\"");
  if (at == body.npos) return {};
  const auto from = body.find_first_not_of(" :\t\r\n", at + name.size() + 2);
  if (from == body.npos) return {};
  return body.substr(from, body.find_first_of(",}\r\n", from) - from);
}

}  // namespace

struct api_client::connection {
  explicit connection(service_address to) : address(std::move(to)) {}

  void open(boost::system::error_code& failed) {
    buffer.clear();
    const asio::ip::tcp::endpoint at{asio::ip::make_address(address.http.address_string()), address.http.port()};
    socket = asio::ip::tcp::socket{io};
    socket.connect(at, failed);
    if (failed) return;
    socket.set_option(asio::ip::tcp::no_delay{true}, failed);
    ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &answer_patience, sizeof answer_patience);
  }

  service_address address;
  asio::io_context io;
  asio::ip::tcp::socket socket{io};
  boost::beast::flat_buffer buffer;
};

api_client::api_client(const service_address& to) : connection_(std::make_unique<connection>(to)) {
  has_health_ = get("/v1/health/live").has_value();
}
api_client::~api_client() = default;
api_client::api_client(api_client&&) noexcept = default;

// A server may close a kept connection between two requests: that is tried again once, everything else is an error.
std::optional<std::string> api_client::get(const std::string& target, bool native) {
  auto& c = *connection_;
  http::request<http::empty_body> request{http::verb::get, target, 11};
  request.set(http::field::host, c.address.http.to_string());
  if (native) request.set(http::field::authorization, "Bearer " + c.address.secret);
  for (int attempt = 0; attempt < 2; ++attempt) {
    boost::system::error_code failed;
    if (!c.socket.is_open()) c.open(failed);
    if (!failed) http::write(c.socket, request, failed);
    http::response_parser<http::string_body> parser;
    parser.body_limit(largest_answer);
    if (!failed) http::read(c.socket, c.buffer, parser, failed);
    boost::system::error_code ignored;
    if (failed) {
      c.socket.close(ignored);
      continue;
    }
    if (!parser.keep_alive()) c.socket.close(ignored);
    if (parser.get().result_int() != 200) return std::nullopt;
    return std::move(parser.get().body());
  }
  return std::nullopt;
}

std::optional<std::string> api_client::call(const std::string& name, const std::string& arguments) {
  auto body = get("/index/api/" + name + "?secret=" + connection_->address.secret + arguments);
  if (!body || member(*body, "code") != "0") return std::nullopt;
  return body;
}

bool api_client::empty_route() {
  return has_health_ ? get("/v1/health/live").has_value() : call("version", {}).has_value();
}

std::optional<std::uint16_t> api_client::open(const std::string& stream_id, const std::string& more) {
  const auto body = call("openRtpServer", "&port=0&stream_id=" + stream_id + more);
  if (!body) return std::nullopt;
  const auto text = member(*body, "port");
  std::uint16_t port = 0;
  std::from_chars(text.data(), text.data() + text.size(), port);
  return port;
}

bool api_client::close(const std::string& stream_id) {
  const auto body = call("closeRtpServer", "&stream_id=" + stream_id);
  return body && member(*body, "hit") == "1";
}

std::optional<bool> api_client::query(const std::string& stream_id) {
  const auto body = call("getRtpInfo", "&stream_id=" + stream_id);
  if (!body) return std::nullopt;
  return member(*body, "exist") == "true";
}

bool api_client::list() { return call("listRtpServer", {}).has_value(); }

std::optional<api_client::reception> api_client::received() {
  const auto body = call("listRtpServer", {});
  const auto answer = body ? boost::json::parse(*body) : boost::json::value{};
  const auto* data = answer.is_object() ? answer.as_object().if_contains("data") : nullptr;
  if (data == nullptr || !data->is_array()) return std::nullopt;
  reception r;
  for (const auto& v : data->as_array()) {
    const auto& s = v.as_object();
    if (!s.contains("packets")) return std::nullopt;
    r.packets += number(s, "packets");
    r.datagrams += number(s, "datagrams");
    r.lost += number(s, "lost");
    r.kernel_drops += number(s, "kernel_drops");
    if (const auto* causes = s.if_contains("refused"); causes != nullptr && causes->is_object())
      for (const auto& [cause, count] : causes->as_object()) r.refused += count.to_number<std::uint64_t>();
  }
  return r;
}

std::optional<boost::json::object> api_client::ports() {
  const auto body = get("/v1/ports", true);
  if (!body) return std::nullopt;
  return boost::json::parse(*body).as_object();
}

}  // namespace berth::bench
