// JSON replies of both faces.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "api/http/http_reply.hpp"

namespace berth::api {

/// Compact text. Bytes that are not UTF-8 (stream ids come from outside) become U+FFFD, so the text is always valid.
std::string to_text(const boost::json::object& object);

/// A plain JSON reply, as the /v1 face gives.
http_reply json_reply(const boost::json::object& object, unsigned status = 200);

/// ZLMediaKit's face: {"code":0, members...}, HTTP status 200 always.
http_reply zlm_reply(const boost::json::object& members = {});
/// ZLMediaKit's face: {"code":0,"data":[elements]}; `elements` are JSON texts, separated by commas. For lists so long that
/// they should not stand in memory as objects.
http_reply zlm_list(std::string_view elements);
/// ZLMediaKit's face: {"code":code,"msg":message, members...}
http_reply zlm_error(int code, std::string_view message, const boost::json::object& members = {});

/// RFC 9457, application/problem+json. `instance` is the path concerned, left out when empty; `members` are extensions.
http_reply problem(unsigned status, std::string_view detail, std::string_view instance = {},
                   boost::json::object members = {}, std::string_view type = "about:blank");

/// RFC 9110 15, e.g. "Not Found"; "Unknown" for a number that is none.
std::string_view reason_phrase(unsigned status) noexcept;

}  // namespace berth::api
