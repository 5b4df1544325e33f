#include "net/egress/packetizers.hpp"

#include <algorithm>

#include "net/egress/audio_packetizer.hpp"
#include "net/egress/nal_packetizer.hpp"
#include "net/egress/system_packetizer.hpp"

namespace berth::net {

std::unique_ptr<rtp_packetizer> make_track_packetizer(const track& t, const rtp_identity& who,
                                                      const packetizer_options& options) {
  switch (t.format) {
    case codec::h264:
    case codec::h265:
      return std::make_unique<nal_packetizer>(t.format, who, options.video_payload);
    case codec::aac:
      return std::make_unique<aac_packetizer>(t.sample_rate, who, options.audio_payload);
    case codec::opus:
      return std::make_unique<opus_packetizer>(who);
    default:
      if (!is_octets(t.format)) return nullptr;
      return std::make_unique<octet_packetizer>(t.format, t.channels, who, options.g711_ms);
  }
}

std::unique_ptr<rtp_packetizer> make_packetizer(rtp_packing as, const std::vector<track_ptr>& tracks,
                                                const rtp_identity& who, const packetizer_options& options) {
  std::vector<track_ptr> wanted;
  std::copy_if(tracks.begin(), tracks.end(), std::back_inserter(wanted),
               [&](const track_ptr& t) { return !options.audio_instead || t->kind == media_kind::audio; });
  if (as == rtp_packing::es) {
    const auto kind = options.audio_instead ? media_kind::audio : media_kind::video;
    const auto found = std::find_if(wanted.begin(), wanted.end(), [&](const track_ptr& t) { return t->kind == kind; });
    return found == wanted.end() ? nullptr : make_track_packetizer(**found, who, options);
  }
  std::unique_ptr<system_packetizer> made;
  if (as == rtp_packing::ps)
    made = std::make_unique<ps_packetizer>(wanted, who, options.video_payload);
  else
    made = std::make_unique<ts_packetizer>(wanted, who, options.video_payload);
  return made->carries_any() ? std::move(made) : nullptr;
}

}  // namespace berth::net
