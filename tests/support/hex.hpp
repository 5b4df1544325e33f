// Bytes as people write them.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "tests/support/packets.hpp"

namespace berth::tests {

/// Of hexadecimal digits, two a byte; spaces between bytes do not matter.
inline bytes from_hex(std::string_view digits) {
  const auto value = [](char c) {
    constexpr std::string_view all = "0123456789abcdef";
    const auto at = all.find(c);
    if (at == all.npos) throw std::invalid_argument("no hexadecimal digit");
    return static_cast<unsigned>(at);
  };
  bytes out;
  for (std::size_t i = 0; i < digits.size(); ++i)
    if (digits[i] != ' ') {
      out.push_back(static_cast<std::uint8_t>((value(digits.at(i)) << 4) | value(digits.at(i + 1))));
      ++i;
    }
  return out;
}

inline std::string to_hex(net::bytes_view b) {
  std::string out;
  for (const auto byte : b) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

}  // namespace berth::tests
