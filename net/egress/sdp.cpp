#include "net/egress/sdp.hpp"

extern "C" {
#include <libavutil/base64.h>
}

#include <algorithm>
#include <cstdio>

namespace berth::net {
namespace {

std::string base64(bytes_view bytes) {
  std::string text(AV_BASE64_SIZE(bytes.size()), '\0');
  if (av_base64_encode(text.data(), static_cast<int>(text.size()), bytes.data(), static_cast<int>(bytes.size())) ==
      nullptr)
    return {};
  text.resize(text.size() - 1);  // the zero behind it
  return text;
}

std::string hex(bytes_view bytes) {
  std::string text;
  for (const auto b : bytes) {
    char two[3];
    std::snprintf(two, sizeof two, "%02X", b);
    text += two;
  }
  return text;
}

std::string joined(const std::vector<std::vector<std::uint8_t>>& sets) {
  std::string text;
  for (const auto& s : sets) text += (text.empty() ? "" : ",") + base64(s);
  return text;
}

std::string h264_parameters(const track& t) {
  std::string text = "packetization-mode=1";
  if (t.sps.empty() || t.sps[0].size() < 4) return text;
  text += ";profile-level-id=" + hex(bytes_view{t.sps[0]}.subspan(1, 3));
  auto sets = t.sps;
  sets.insert(sets.end(), t.pps.begin(), t.pps.end());
  return text + ";sprop-parameter-sets=" + joined(sets);
}

std::string h265_parameters(const track& t) {
  if (t.vps.empty() || t.sps.empty() || t.pps.empty()) return {};
  return "sprop-vps=" + joined(t.vps) + ";sprop-sps=" + joined(t.sps) + ";sprop-pps=" + joined(t.pps);
}

// RFC 4566 6, a=rtpmap.
std::string map_of(const track& t) {
  const auto facts = facts_of(t.format);
  if (!facts.served) return "X-unknown/90000";
  const auto rate = facts.rtp_clock != 0 ? std::to_string(facts.rtp_clock) : std::to_string(t.sample_rate);
  const bool channels = t.kind == media_kind::audio && t.channels > 1;
  return std::string{facts.rtp_name} + "/" + rate + (channels ? "/" + std::to_string(t.channels) : "");
}

}  // namespace

rtp_format rtp_format_of(const track& t, std::uint8_t dynamic) {
  const auto fixed = facts_of(t.format).static_payload;
  switch (t.format) {
    case codec::h264:
      return {dynamic, map_of(t), h264_parameters(t)};
    case codec::h265:
      return {dynamic, map_of(t), h265_parameters(t)};
    case codec::aac:
      return {dynamic, map_of(t),
              "streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=" +
                  hex(t.configuration)};
    case codec::opus:
      return {dynamic, "opus/48000/2", t.channels > 1 ? "sprop-stereo=1" : ""};
    default:
      return {fixed >= 0 && t.channels <= 1 ? static_cast<std::uint8_t>(fixed) : dynamic, map_of(t), {}};
  }
}

namespace {

// RFC 4566 5: a line ends where its text does, whatever somebody called his stream.
std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return text;
}

}  // namespace

std::string describe_session(const std::vector<track_ptr>& tracks, const std::string& name) {
  std::string text = "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=" + one_line(name) +
                     "\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\na=control:*\r\na=range:npt=now-\r\n";
  std::uint8_t dynamic = 96;
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    const auto& t = *tracks[i];
    const auto f = rtp_format_of(t, dynamic++);
    const auto number = std::to_string(f.payload_type);
    text += std::string{"m="} + (t.kind == media_kind::video ? "video" : "audio") + " 0 RTP/AVP " + number + "\r\n";
    text += "a=rtpmap:" + number + " " + f.name + "\r\n";
    if (!f.parameters.empty()) text += "a=fmtp:" + number + " " + f.parameters + "\r\n";
    text += "a=control:trackID=" + std::to_string(i) + "\r\n";
  }
  return text;
}

}  // namespace berth::net
