#include "net/egress/container.hpp"

namespace berth::net {

container_facts facts_of(container c) noexcept {
  switch (c) {
    case container::flv:
      return {"flv", "flv", "video/x-flv", schema::rtmp};
    case container::fmp4:
      return {"fmp4", "mp4", "video/mp4", schema::fmp4};
    case container::ts:
      return {"ts", "ts", "video/mp2t", schema::ts};
    case container::rtp:
      return {"rtp", "", "", schema::rtsp};
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
