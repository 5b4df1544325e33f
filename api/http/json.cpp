#include "api/http/json.hpp"

#include <utility>

#include "api/text/json_text.hpp"
#include "api/text/text.hpp"

namespace berth::api {
namespace {

// Appends `text` with U+FFFD for each byte that belongs to no well-formed sequence.
void append_repaired(std::string& out, std::string_view text) {
  while (!text.empty()) {
    std::size_t length = 1;
    while (length < 4 && length < text.size() && !is_utf8(text.substr(0, length))) ++length;
    const bool good = is_utf8(text.substr(0, length));
    out += good ? text.substr(0, length) : "\xef\xbf\xbd";
    text.remove_prefix(good ? length : 1);
  }
}

std::string valid_utf8(std::string text) {
  if (is_utf8(text)) return text;
  std::string out;
  // Quotes never stand within a sequence: what is between two of them is good or bad by itself.
  for (std::string_view rest{text}; !rest.empty();) {
    const auto piece = rest.substr(0, rest.find('"', 1));
    rest.remove_prefix(piece.size());
    if (is_utf8(piece))
      out += piece;
    else
      append_repaired(out, piece);
  }
  return out;
}

/// `front` is the beginning of an object, "{..." without its end; members follow in their order.
std::string joined(std::string front, const boost::json::object& members) {
  if (members.empty()) return valid_utf8(std::move(front) + "}");
  auto text = json_text(members);
  text.replace(0, 1, front.append(1, ','));
  return valid_utf8(std::move(text));
}

}  // namespace

// What is structure in JSON is ASCII, so only strings can hold bytes that are replaced.
std::string to_text(const boost::json::object& object) { return valid_utf8(json_text(object)); }

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
