#include "api/hooks/hook_answer.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <cstdint>
#include <optional>

#include "api/text/name.hpp"
#include "api/text/text.hpp"

namespace berth::api {

namespace {

// What a receiver writes in an encoding of its own is shown as bytes.
std::string readable(const boost::json::string& text) {
  const std::string_view as_it_is{text.data(), text.size()};
  return is_utf8(as_it_is) ? std::string{as_it_is} : on_one_line(as_it_is);
}

// What can not become a text, null among it, is as if it were not there.
std::optional<std::string> text_of(const boost::json::value& member) {
  if (member.is_string()) return readable(member.get_string());
  if (member.is_bool() || member.is_number()) return boost::json::serialize(member);
  return std::nullopt;
}

// A number without a fraction, however it is written.
std::optional<std::int64_t> integer_of(const boost::json::value& code) {
  if (code.is_int64()) return code.get_int64();
  if (code.is_uint64()) return INT64_MAX;  // one that int64 can not hold
  constexpr double most = 9e15;
  if (!code.is_double() || std::abs(code.get_double()) > most || std::trunc(code.get_double()) != code.get_double())
    return std::nullopt;
  return static_cast<std::int64_t>(code.get_double());
}

}  // namespace

// Only an integer `code` is an answer: a text with digits in it is not. Members that are null are as if they were not
// there.
actors::hook_outcome hook_answer(unsigned status, std::string_view text) {
  using actors::hook_outcome;
  namespace json = boost::json;
  if (status != 200) return hook_outcome::failed("HTTP status " + std::to_string(status));
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  auto document = text;
  if (document.starts_with(byte_order_mark)) document.remove_prefix(byte_order_mark.size());
  boost::system::error_code bad;
  json::parse_options lenient;
  lenient.allow_invalid_utf8 = true;
  const auto value = json::parse(json::string_view{document.data(), document.size()}, bad, {}, lenient);
  if (bad || !value.is_object())
    return hook_outcome::failed("the answer, " + std::to_string(text.size()) + " bytes, is not a JSON object");
  const auto& answer = value.get_object();
  const auto* code = answer.if_contains("code");
  if (code == nullptr || code->is_null()) return hook_outcome::failed("the answer has no code");
  const auto number = integer_of(*code);
  if (!number) return hook_outcome::failed("the answer's code is not an integer");
  if (*number == 0) {
    auto heard = hook_outcome::delivered();
    for (const auto& [name, member] : answer)
      if (auto words = text_of(member)) heard.members.emplace_back(name, std::move(*words));
    // A name from outside passes the gate here as everywhere; an empty one gives none.
    // It is looked at as it came, not as it is shown.
    if (const auto* name = answer.if_contains("stream_replace");
        name != nullptr && name->is_string() && !name->get_string().empty())
      if (const auto why = why_no_name(name->get_string())) return hook_outcome::refused(-1, "stream_replace " + *why);
    return heard;
  }
  const auto* msg = answer.if_contains("msg");
  return hook_outcome::refused(*number, msg != nullptr && msg->is_string() ? readable(msg->get_string()) : "");
}

std::string hook_signature(std::string_view secret, std::string_view body) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  ::HMAC(::EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(body.data()), body.size(), digest.data(), &size);
  return "sha256=" + to_hex(std::span{digest}.first(size));
}

}  // namespace berth::api
