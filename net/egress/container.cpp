#include "net/egress/container.hpp"

#include <array>

#include "net/egress/ffmpeg_muxer.hpp"
#include "net/egress/flv_muxer.hpp"
#include "net/egress/rtp_muxer.hpp"

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

std::unique_ptr<muxer> make_muxer(container c, std::vector<track_ptr> tracks, const muxer_options& options) {
  switch (c) {
    case container::fmp4:
      return std::make_unique<fmp4_muxer>(tracks, options);
    case container::ts:
      return std::make_unique<ts_muxer>(tracks, options);
    case container::rtp:
      return std::make_unique<rtp_muxer>(tracks, options);
    default:
      return std::make_unique<flv_muxer>(tracks, options);
  }
}

}  // namespace berth::net
