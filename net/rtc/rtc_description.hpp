// Offers and answers of WebRTC (RFC 8829, RFC 8866), as far as a server needs them that sends or receives one video and
// one audio track.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/base/result.hpp"
#include "net/codec/codec.hpp"
#include "net/codec/track.hpp"

namespace berth::net {

/// What one side says of the way to it.
struct ice_parameters {
  std::string ufrag, pwd;
  std::vector<std::string> candidates;  ///< "candidate:...", as in a=
};

/// One payload type of an m= section.
struct rtc_format {
  std::uint8_t payload_type = 0;
  codec format = codec::other;
  std::string map;                    ///< "H264/90000", of a=rtpmap
  std::string parameters;             ///< of a=fmtp
  std::vector<std::string> feedback;  ///< "nack pli", of a=rtcp-fb
};

struct rtc_media {
  std::string kind;  ///< "video", "audio", "application"
  std::string protocol;
  std::string mid;
  bool sends = true, receives = true;  ///< the offerer
  std::vector<rtc_format> formats;     ///< the preferred first
};

struct rtc_offer {
  ice_parameters ice;
  std::string fingerprint;  ///< SHA-256
  std::string setup;        ///< "actpass", "active", "passive"
  std::vector<rtc_media> media;
};

inline constexpr std::size_t longest_description = 64 * 1024;

/// Any text is allowed; refused with a sentence that names the line or what is missing.
result<rtc_offer, std::string> parse_rtc_offer(std::string_view text);

/// What becomes of one m= section: nothing, or one format of it.
struct rtc_choice {
  std::optional<rtc_format> format;
  std::uint32_t ssrc = 0;  ///< of what the answerer sends; 0 = it receives
};

/// For each section of the offer, which of a stream's tracks it can be sent: the first of each kind that has a format in
/// common. `first_ssrc` is that of the first track, the second has the next one (see rtp_muxer).
std::vector<rtc_choice> choose_to_send(const rtc_offer& offer, const std::vector<track_ptr>& tracks,
                                       std::uint32_t first_ssrc);
/// For each section, what is received of it: the first video and the first audio section with a codec that is served.
/// `preferred` are names of codecs as in rtpmap, the best first.
std::vector<rtc_choice> choose_to_receive(const rtc_offer& offer, const std::vector<std::string>& preferred);

/// The answer. `candidates` of `own` end it: nothing trickles.
std::string make_rtc_answer(const rtc_offer& offer, const std::vector<rtc_choice>& choices, const ice_parameters& own,
                            const std::string& fingerprint, const std::string& name);
/// The answerer's part in DTLS: true = it begins.
bool answerer_begins(const rtc_offer& offer);

}  // namespace berth::net
