#include "net/egress/muxers.hpp"

#include "net/egress/ffmpeg_muxer.hpp"
#include "net/egress/flv_muxer.hpp"
#include "net/egress/rtp_muxer.hpp"

namespace berth::net {

std::unique_ptr<muxer> make_muxer(container c, const std::vector<track_ptr>& tracks, const muxer_options& options) {
  switch (c) {
    case container::fmp4:
      return std::make_unique<fmp4_muxer>(tracks, options);
    case container::ts:
      return std::make_unique<ts_muxer>(tracks, options);
    case container::rtp:
      return std::make_unique<rtp_muxer>(tracks, options);
    case container::flv:
      break;
  }
  return std::make_unique<flv_muxer>(tracks, options);
}

}  // namespace berth::net
