#include "api/viewers/rtsp_message.hpp"

#include <algorithm>
#include <charconv>

#include "api/http/http_request.hpp"
#include "api/http/json.hpp"
#include "api/text/url.hpp"

namespace berth::api {
namespace {

constexpr std::string_view track_control = "trackID=";

// RFC 2326 7.1.1: what HTTP does not have.
std::string_view phrase(unsigned status) {
  switch (status) {
    case 453:
      return "Not Enough Bandwidth";
    case 454:
      return "Session Not Found";
    case 455:
      return "Method Not Valid in This State";
    case 461:
      return "Unsupported Transport";
    default:
      return reason_phrase(status);
  }
}

std::string_view next_line(std::string_view& rest) {
  auto line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number n = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (failed != std::errc{} || end == text.data()) return std::nullopt;
  return n;
}

std::string_view next_piece(std::string_view& rest, char separator) {
  const auto at = rest.find(separator);
  const auto piece = rest.substr(0, at);
  rest = at == rest.npos ? std::string_view{} : rest.substr(at + 1);
  return trim(piece);
}

// "5000-5001", or "5000" alone.
std::optional<std::pair<std::uint16_t, std::uint16_t>> pair_of(std::string_view text) {
  const auto first = number<std::uint16_t>(text);
  if (!first) return std::nullopt;
  const auto dash = text.find('-');
  const auto second = dash == text.npos ? std::nullopt : number<std::uint16_t>(text.substr(dash + 1));
  return std::pair{*first, second.value_or(static_cast<std::uint16_t>(*first + 1))};
}

std::optional<rtsp_transport> one_choice(std::string_view choice) {
  const auto profile = next_piece(choice, ';');
  rtsp_transport t;
  if (equal_ignoring_case(profile, "RTP/AVP/TCP"))
    t.tcp = true;
  else if (!equal_ignoring_case(profile, "RTP/AVP") && !equal_ignoring_case(profile, "RTP/AVP/UDP"))
    return std::nullopt;
  while (!choice.empty()) {
    auto value = next_piece(choice, ';');
    const auto name = next_piece(value, '=');
    if (equal_ignoring_case(name, "multicast")) return std::nullopt;
    if (equal_ignoring_case(name, "interleaved") && t.tcp) {
      const auto channels = pair_of(value);
      if (!channels || channels->first > 254) return std::nullopt;
      t.channel = static_cast<std::uint8_t>(channels->first);
      t.chosen = true;
    }
    if (equal_ignoring_case(name, "client_port")) {
      const auto ports = pair_of(value);
      if (!ports) return std::nullopt;
      t.rtp_port = ports->first;
      t.rtcp_port = ports->second;
    }
  }
  if (!t.tcp && t.rtp_port == 0) return std::nullopt;
  return t;
}

}  // namespace

std::string_view rtsp_request::header(std::string_view name) const noexcept {
  for (const auto& [n, value] : headers)
    if (equal_ignoring_case(n, name)) return value;
  return {};
}

//   METHOD SP URL SP RTSP/1.0 CRLF *(header CRLF) CRLF [body of Content-Length]
rtsp_input take_rtsp(std::string& bytes, rtsp_request& out) {
  if (bytes.empty()) return rtsp_input::incomplete;
  if (bytes[0] == '$') {
    if (bytes.size() < 4) return rtsp_input::incomplete;
    const auto length = std::size_t{static_cast<std::uint8_t>(bytes[2])} << 8 | static_cast<std::uint8_t>(bytes[3]);
    if (bytes.size() < 4 + length) return rtsp_input::incomplete;
    bytes.erase(0, 4 + length);
    return rtsp_input::interleaved;
  }
  const auto end = bytes.find("\r\n\r\n");
  if (end == bytes.npos) return bytes.size() > longest_rtsp_message ? rtsp_input::broken : rtsp_input::incomplete;
  if (end > longest_rtsp_message) return rtsp_input::broken;
  out = {};
  std::string_view head{bytes.data(), end};
  auto line = next_line(head);
  const auto first = line.find(' '), last = line.rfind(' ');
  if (first == line.npos || first == last || !line.substr(last + 1).starts_with("RTSP/")) return rtsp_input::broken;
  out.method = line.substr(0, first);
  out.url = trim(line.substr(first + 1, last - first - 1));
  while (!head.empty()) {
    line = next_line(head);
    const auto colon = line.find(':');
    if (colon == line.npos) return rtsp_input::broken;
    out.headers.emplace_back(trim(line.substr(0, colon)), trim(line.substr(colon + 1)));
  }
  std::size_t body = 0;
  if (const auto length = out.header("Content-Length"); !length.empty()) {
    const auto said = number<std::size_t>(length);
    if (!said || *said > longest_rtsp_message) return rtsp_input::broken;
    body = *said;
  }
  if (bytes.size() < end + 4 + body) return rtsp_input::incomplete;
  bytes.erase(0, end + 4 + body);
  return rtsp_input::request;
}

std::string rtsp_reply(const rtsp_request& to, unsigned status,
                       const std::vector<std::pair<std::string, std::string>>& headers, std::string_view body) {
  std::string text = "RTSP/1.0 " + std::to_string(status) + " " + std::string{phrase(status)} + "\r\n";
  if (const auto cseq = to.header("CSeq"); !cseq.empty()) text.append("CSeq: ").append(cseq).append("\r\n");
  text += "Server: Berth\r\n";
  for (const auto& [name, value] : headers) text.append(name).append(": ").append(value).append("\r\n");
  if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return text.append("\r\n").append(body);
}

std::optional<rtsp_transport> parse_rtsp_transport(std::string_view header) {
  while (!header.empty())
    if (auto choice = one_choice(next_piece(header, ','))) return choice;
  return std::nullopt;
}

std::optional<rtsp_target> parse_rtsp_url(std::string_view url) {
  rtsp_target t;
  // The control of a track stands behind the whole URL, its query included.
  if (const auto at = url.rfind('/'); at != url.npos && url.substr(at + 1).starts_with(track_control)) {
    t.track = number<std::size_t>(url.substr(at + 1 + track_control.size()));
    if (!t.track) return std::nullopt;
    url = url.substr(0, at);
  }
  const auto written = encode_blanks(url);
  const auto parts = split_url(written);
  if (!parts || parts->path.empty()) return std::nullopt;
  t.query = parts->query;
  auto path = parts->path.substr(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  const auto slash = path.find('/');
  if (slash == path.npos || slash == 0 || slash + 1 == path.size()) return std::nullopt;
  t.app = percent_decode(path.substr(0, slash));
  t.stream = percent_decode(path.substr(slash + 1));
  return t;
}

}  // namespace berth::api
