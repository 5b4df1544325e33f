// The packetizer of each thing that RTP may carry.
#pragma once

#include "net/egress/rtp_packetizer.hpp"

namespace berth::net {

/// For one track (RFC 6184, 7798, 3640, 3551, 7587). Null if its codec has no payload format here.
std::unique_ptr<rtp_packetizer> make_track_packetizer(const track& t, const rtp_identity& who,
                                                      const packetizer_options& options);
/// For a stream as a whole, or one track of it. Null if nothing of it can be carried so.
std::unique_ptr<rtp_packetizer> make_packetizer(rtp_packing as, const std::vector<track_ptr>& tracks,
                                                const rtp_identity& who, const packetizer_options& options);

}  // namespace berth::net
