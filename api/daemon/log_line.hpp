// What the log says of an event.
#pragma once

#include <cstdint>
#include <string>

#include "actors/contract/event.hpp"

namespace berth::api {

enum class log_level : std::uint8_t { debug, info, warning, error };

/// Cheap: whoever does not log it needs no words for it.
log_level level_of(const actors::event& e) noexcept;
/// The words, without level and time.
std::string line_of(const actors::event& e);

}  // namespace berth::api
