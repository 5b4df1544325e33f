// A web page that speaks WebRTC with a daemon.
#pragma once

#include "tests/e2e/node.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/rtc_client.hpp"

namespace berth::tests {

inline const rtc_client::section talks{"audio", "sendonly", "111 8 0", "a=rtpmap:111 opus/48000/2\r\n"};
inline const rtc_client::section hears{"audio", "recvonly", "8", ""};
inline const rtc_client::section sees{
    "video", "recvonly", "96 103 104",
    "a=rtpmap:96 VP8/90000\r\na=rtpmap:103 H264/90000\r\n"
    "a=fmtp:103 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42001f\r\n"
    "a=rtpmap:104 H264/90000\r\n"
    "a=fmtp:104 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f\r\n"};

/// As a web page does it: no secret, the offer as it is.
inline http_answer post(node& n, const std::string& target, const std::string& offer) {
  return http_client{n.daemon.http_port()}.request("POST", target, offer, {{"Content-Type", "text/plain"}});
}
inline object webrtc(node& n, const std::string& query, rtc_client& c) {
  const auto answer = post(n, "/index/api/webrtc?" + query, c.offer()).json().as_object();
  if (number(answer, "code") == 0) REQUIRE(c.accept(text(answer, "sdp")));
  return answer;
}

/// How many of the packets are RTP of that payload type.
inline std::size_t rtp_of(const std::vector<bytes>& packets, std::uint8_t payload_type) {
  return static_cast<std::size_t>(std::count_if(packets.begin(), packets.end(), [&](const bytes& p) {
    return p.size() > 12 && (p[1] & 0x7f) == payload_type && p[1] != 200 && p[1] != 201;
  }));
}

}  // namespace berth::tests
