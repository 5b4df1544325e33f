#include "net/egress/container.hpp"

#include <array>

namespace berth::net {

std::string_view to_string(container c) noexcept {
  constexpr std::array<std::string_view, container_count> names{"flv", "fmp4", "ts", "rtp"};
  return names[static_cast<std::size_t>(c)];
}

bool can_carry(container c, codec format, const muxer_options& options) noexcept {
  switch (format) {
    case codec::h264:
    case codec::h265:
    case codec::aac:
      return true;
    case codec::pcma:
    case codec::pcmu:
      return c == container::flv || c == container::rtp;
    case codec::opus:
      return c != container::flv || options.enhanced_flv;
    default:
      return false;
  }
}

}  // namespace berth::net
