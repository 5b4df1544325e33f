#include "api/http/reply_head.hpp"

#include <array>
#include <charconv>
#include <chrono>

#include "api/http/json.hpp"

namespace berth::api {
namespace {

constexpr std::string_view line_ends{"\r\n\0", 3};

/// A value, in pieces, may hold what a client sent: it must not end the field it stands in.
template <class... Piece>
void append_field(std::string& head, std::string_view name, const Piece&... value) {
  head.append(name).append(": ");
  for (std::string_view piece : {std::string_view{value}...})
    for (auto bad = piece.find_first_of(line_ends);; bad = piece.find_first_of(line_ends)) {
      head.append(piece.substr(0, bad));
      if (bad == piece.npos) break;
      piece.remove_prefix(bad + 1);
    }
  head += "\r\n";
}

void append_digits(std::string& to, int number, int width) {
  for (int divisor = width == 4 ? 1000 : 10; divisor > 0; divisor /= 10)
    to += static_cast<char>('0' + number / divisor % 10);
}

bool wants_charset(std::string_view type) noexcept {
  return type == "application/json" || type == "text/html" || type == "text/plain";
}

}  // namespace

void append_http_date(std::string& to, net::wall_time time) {
  static constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  // In every reply: neither the locale nor the time zone is asked.
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::seconds>(time - day)};
  to.append(days[std::chrono::weekday{day}.c_encoding()]).append(", ");
  append_digits(to, static_cast<int>(static_cast<unsigned>(date.day())), 2);
  to.append(" ").append(months[static_cast<unsigned>(date.month()) - 1]).append(" ");
  append_digits(to, static_cast<int>(date.year()), 4);
  to += ' ';
  append_digits(to, static_cast<int>(clock.hours().count()), 2);
  to += ':';
  append_digits(to, static_cast<int>(clock.minutes().count()), 2);
  to += ':';
  append_digits(to, static_cast<int>(clock.seconds().count()), 2);
  to += " GMT";
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
