// For checks of texts.
#pragma once

#include <string_view>

namespace berth::tests {

inline bool contains(std::string_view text, std::string_view what) { return text.find(what) != text.npos; }

}  // namespace berth::tests
