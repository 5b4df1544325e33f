// What a hook's receiver answers, and what it can know the sender by.
#pragma once

#include <string>
#include <string_view>

#include "actors/events/hook.hpp"

namespace berth::api {

/// What an HTTP answer says. `text` is its body.
actors::hook_outcome hook_answer(unsigned status, std::string_view text);

/// "sha256=" and the HMAC-SHA256 (RFC 2104) of the body in hexadecimal.
std::string hook_signature(std::string_view secret, std::string_view body);

}  // namespace berth::api
