#include "net/codec/codec_guess.hpp"

#include "net/codec/aac_syntax.hpp"
#include "net/codec/annexb.hpp"
#include "net/codec/h264_syntax.hpp"
#include "net/codec/h265_syntax.hpp"

namespace berth::net {

namespace {

bool is_h264_sps(bytes_view nal) noexcept {
  const bool forbidden = (nal[0] & 0x80) != 0, referred_to = (nal[0] & 0x60) != 0;
  if (forbidden || !referred_to) return false;
  const auto p = h264::parse_sps(nal);
  return p && h264::is_known_profile(p->profile);
}

bool is_h265_sps(bytes_view nal) noexcept {
  constexpr std::uint8_t base_layer_id0 = 0x42, temporal_id0 = 1;
  return nal[0] == base_layer_id0 && nal[1] == temporal_id0 && h265::parse_sps(nal);
}

}  // namespace

codec guess_video(bytes_view b) noexcept {
  for (auto at = find_start_code(b); at < b.size();) {
    const auto begin = at + 3;
    at = find_start_code(b, begin);
    const auto nal = b.subspan(begin, at - begin);
    if (nal.size() < 2) continue;
    if (is_h265_sps(nal)) return codec::h265;
    if (is_h264_sps(nal)) return codec::h264;
  }
  return codec::unknown;
}

codec guess_audio(bytes_view unit) noexcept {
  const auto first = aac::parse_adts(unit);
  if (!first || first->frame_size > unit.size()) return codec::pcma;
  const auto rest = unit.subspan(first->frame_size);
  if (rest.size() < aac::adts_header_size) {
    // The next frame's header is cut: what is there of its 12 ones has to be.
    const bool goes_on = rest.empty() || (rest[0] == 0xff && (rest.size() == 1 || (rest[1] & 0xf6) == 0xf0));
    return goes_on ? codec::aac : codec::pcma;
  }
  const auto next = aac::parse_adts(rest);
  return next && next->same_stream(*first) ? codec::aac : codec::pcma;
}

}  // namespace berth::net
