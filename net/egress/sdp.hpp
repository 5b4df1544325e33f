// What a stream is, said in a session description (RFC 8866), for those who take its tracks as RTP.
#pragma once

#include <string>
#include <vector>

#include "net/codec/track.hpp"
#include "net/egress/rtp_packetizer.hpp"

namespace berth::net {

/// One track as RTP: its payload type, and what stands behind the codec in a=rtpmap and a=fmtp.
struct rtp_format {
  std::uint8_t payload_type = 96;
  std::string name;        ///< "H264/90000"
  std::string parameters;  ///< of a=fmtp; may be empty
};

/// The static payload type where there is one (RFC 3551), else `dynamic`. H.264: RFC 6184 8.1, H.265: RFC 7798 7.1, AAC:
/// RFC 3640 4.1, Opus: RFC 7587 7.
rtp_format rtp_format_of(const track& t, std::uint8_t dynamic);

/// A description whose media are controlled by "trackID=0", "trackID=1", ..., in the order of the tracks (RFC 2326
/// C.1.1).
std::string describe_session(const std::vector<track_ptr>& tracks, const std::string& name);

}  // namespace berth::net
