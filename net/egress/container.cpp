#include "net/egress/container.hpp"

namespace berth::net {

std::string_view to_string(container c) noexcept {
  switch (c) {
    case container::flv:
      return "flv";
    case container::fmp4:
      return "fmp4";
    case container::ts:
      return "ts";
    case container::rtp:
      return "rtp";
  }
  return {};
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
