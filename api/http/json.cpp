#include "api/http/json.hpp"

#include <cstdint>
#include <cstring>
#include <utility>

namespace berth::api {
namespace {

// RFC 3629: length of the well-formed UTF-8 sequence at the front of `text`, 0 if there is none.
std::size_t utf8_length(std::string_view text) noexcept {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xc2 && lead <= 0xdf   ? 2
                             : lead >= 0xe0 && lead <= 0xef ? 3
                             : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                            : 0;
  if (length == 0 || text.size() < length) return 0;
  const unsigned low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;   // no overlong forms
  const unsigned high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;  // no surrogates, nothing above U+10FFFF
  if (byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i)
    if ((byte(i) & 0xc0U) != 0x80) return 0;
  return length;
}

// Length of the ASCII at the front of `text`, a word at a time: that is what nearly all of JSON consists of.
std::size_t ascii_length(std::string_view text) noexcept {
  std::size_t n = 0;
  for (std::uint64_t word = 0; n + sizeof word <= text.size(); n += sizeof word) {
    std::memcpy(&word, text.data() + n, sizeof word);
    if ((word & 0x8080808080808080U) != 0) break;
  }
  while (n < text.size() && static_cast<unsigned char>(text[n]) < 0x80) ++n;
  return n;
}

std::size_t well_formed_length(std::string_view text) noexcept {
  std::size_t n = 0;
  for (;;) {
    n += ascii_length(text.substr(n));
    const auto more = n < text.size() ? utf8_length(text.substr(n)) : 0;
    if (more == 0) return n;
    n += more;
  }
}

std::string valid_utf8(std::string text) {
  auto good = well_formed_length(text);
  if (good == text.size()) return text;
  std::string out;
  for (std::string_view rest{text};; good = well_formed_length(rest)) {
    out += rest.substr(0, good);
    if (good == rest.size()) return out;
    out += "\xef\xbf\xbd";
    rest.remove_prefix(good + 1);
  }
}

/// `front` is the beginning of an object, "{..." without its end; members follow in their order.
std::string joined(std::string front, const boost::json::object& members) {
  if (members.empty()) return valid_utf8(std::move(front) + "}");
  auto text = boost::json::serialize(members);
  text.front() = ',';
  return valid_utf8(std::move(front) + text);
}

}  // namespace

// What is structure in JSON is ASCII, so only strings can hold bytes that are replaced.
std::string to_text(const boost::json::object& object) { return valid_utf8(boost::json::serialize(object)); }

http_reply json_reply(const boost::json::object& object, unsigned status) {
  http_reply reply;
  reply.status = status;
  reply.content_type = "application/json";
  reply.body = to_text(object);
  return reply;
}

http_reply zlm_reply(const boost::json::object& members) {
  http_reply reply;
  reply.content_type = "application/json";
  reply.body = joined("{\"code\":0", members);
  reply.code = 0;
  return reply;
}

http_reply zlm_list(std::string_view elements) {
  http_reply reply;
  reply.content_type = "application/json";
  reply.body.reserve(elements.size() + 32);
  reply.body.append("{\"code\":0,\"data\":[").append(elements).append("]}");
  reply.body = valid_utf8(std::move(reply.body));
  reply.code = 0;
  return reply;
}

http_reply zlm_error(int code, std::string_view message, const boost::json::object& members) {
  http_reply reply;
  reply.content_type = "application/json";
  reply.body = joined("{\"code\":" + std::to_string(code) + ",\"msg\":" +
                          boost::json::serialize(boost::json::string_view{message.data(), message.size()}),
                      members);
  reply.code = code;
  return reply;
}

http_reply problem(unsigned status, std::string_view detail, std::string_view instance, boost::json::object members,
                   std::string_view type) {
  boost::json::object all{{"type", type}, {"title", reason_phrase(status)}, {"status", status}, {"detail", detail}};
  if (!instance.empty()) all["instance"] = instance;
  for (auto& member : members) all.insert_or_assign(member.key(), std::move(member.value()));
  auto reply = json_reply(all, status);
  reply.content_type = "application/problem+json";
  return reply;
}

std::string_view reason_phrase(unsigned status) noexcept {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 507:
      return "Insufficient Storage";
    default:
      return "Unknown";
  }
}

}  // namespace berth::api
