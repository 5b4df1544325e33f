#include "api/http/reply_head.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <ctime>

#include "api/http/json.hpp"

namespace berth::api {
namespace {

/// A value, in pieces, may hold what a client sent: it must not end the field it stands in.
template <class... Piece>
void append_field(std::string& head, std::string_view name, const Piece&... value) {
  head.append(name).append(": ");
  for (const std::string_view piece : {std::string_view{value}...})
    for (const char c : piece)
      if (c != '\r' && c != '\n' && c != '\0') head += c;
  head += "\r\n";
}

bool wants_charset(std::string_view type) noexcept {
  return type == "application/json" || type == "text/html" || type == "text/plain";
}

}  // namespace

void append_http_date(std::string& to, net::wall_time time) {
  static constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = net::wall_clock::to_time_t(time);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  // Not by strftime alone: its names are those of the locale.
  std::array<char, 32> day{};
  std::array<char, 32> rest{};
  std::strftime(day.data(), day.size(), "%d", &utc);
  std::strftime(rest.data(), rest.size(), "%Y %H:%M:%S GMT", &utc);
  to.append(days[static_cast<std::size_t>(utc.tm_wday)]).append(", ").append(day.data()).append(" ");
  to.append(months[static_cast<std::size_t>(utc.tm_mon)]).append(" ").append(rest.data());
}

std::string reply_head(const http_request& request, const http_reply& reply, bool keep_alive, bool chunked,
                       net::wall_time now) {
  const auto& settings = *request.settings;
  std::string head;
  head.reserve(512);
  head.append("HTTP/1.1 ")
      .append(std::to_string(reply.status))
      .append(" ")
      .append(reason_phrase(reply.status))
      .append("\r\n");
  if (!reply.content_type.empty()) {
    const bool charset = wants_charset(reply.content_type) && !settings.char_set.empty();
    append_field(head, "Content-Type", reply.content_type, charset ? "; charset=" : "",
                 charset ? settings.char_set : "");
  }
  if (chunked) append_field(head, "Transfer-Encoding", "chunked");
  // RFC 9110 8.6: not with 204 and 304.
  if (!reply.stream && !reply.take && reply.status != 204 && reply.status != 304)
    append_field(head, "Content-Length", std::to_string(reply.body.size()));
  append_field(head, "Connection", keep_alive ? "keep-alive" : "close");
  if (keep_alive) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(settings.keep_alive).count();
    append_field(head, "Keep-Alive", "timeout=", std::to_string(seconds), ", max=100");
  }
  append_http_date(head.append("Date: "), now);
  head += "\r\n";
  append_field(head, "Server", settings.server_name);
  const auto origin = request.header("Origin");
  if (!origin.empty() && settings.allow_cross_domains && request.method != "OPTIONS") {
    append_field(head, "Access-Control-Allow-Origin", origin);
    append_field(head, "Access-Control-Allow-Credentials", "true");
  }
  for (const auto& [name, value] : reply.headers) append_field(head, name, value);
  head += "\r\n";
  return head;
}

std::string chunk_head(std::size_t size) {
  std::array<char, 18> text{};
  const auto end = std::to_chars(text.data(), text.data() + 16, size, 16).ptr;
  return std::string{text.data(), end} + "\r\n";
}

}  // namespace berth::api
