#include "net/egress/mp4_boxes.hpp"

#include <utility>

namespace berth::net {
namespace {

constexpr std::uint32_t type(const char (&name)[5]) {
  std::uint32_t v = 0;
  for (int i = 0; i < 4; ++i) v = (v << 8) | static_cast<std::uint8_t>(name[i]);
  return v;
}

// ISO/IEC 14496-12 4.2: size (32), type (32), content
constexpr std::size_t box_header = 8;

struct search {
  bytes_view all;
  std::uint32_t movie_scale = 0;
  std::vector<mp4_duration> found;

  // 8.2.2 mvhd, 8.4.2 mdhd: version (8), flags (24), created, modified, timescale (32), duration
  // 8.3.2 tkhd:             version (8), flags (24), created, modified, track_ID (32), reserved (32), duration
  // Times and durations have 64 bits in version 1, and 32 in version 0.
  void field(std::uint32_t box, std::size_t begin, std::size_t end) {
    if (begin >= end) return;
    const bool wide = all[begin] == 1;
    const auto scale_at = begin + 4 + (wide ? 16 : 8);
    const auto at = scale_at + (box == type("tkhd") ? 8 : 4);
    if (at + (wide ? 8 : 4) > end) return;
    auto scale = box == type("tkhd") ? movie_scale : load_be32(&all[scale_at]);
    if (box == type("mvhd")) movie_scale = scale;
    if (scale > 0) found.push_back({at, wide, scale});
  }

  void boxes(std::size_t begin, std::size_t end) {
    while (end - begin >= box_header) {
      const auto size = load_be32(&all[begin]);
      const auto name = load_be32(&all[begin + 4]);
      if (size < box_header || size > end - begin) return;
      if (name == type("moov") || name == type("trak") || name == type("mdia"))
        boxes(begin + box_header, begin + size);
      else if (name == type("mvhd") || name == type("tkhd") || name == type("mdhd"))
        field(name, begin + box_header, begin + size);
      begin += size;
    }
  }
};

}  // namespace

std::vector<mp4_duration> find_mp4_durations(bytes_view header) {
  search s{header, 0, {}};
  s.boxes(0, header.size());
  return std::move(s.found);
}

// 8.8.12, in moof and traf: version (8), flags (24), baseMediaDecodeTime (64 bits in version 1, 32 in version 0)
bool set_mp4_decode_time(std::span<std::uint8_t> fragment, std::uint64_t time) {
  while (fragment.size() >= box_header) {
    const std::size_t size = load_be32(fragment.data());
    const auto name = load_be32(fragment.data() + 4);
    if (size < box_header || size > fragment.size()) return false;
    if (name == type("moof") || name == type("traf"))
      return set_mp4_decode_time(fragment.subspan(box_header, size - box_header), time);
    if (name == type("tfdt")) {
      if (size < 20 || fragment[8] != 1) return false;
      store_be32(&fragment[12], static_cast<std::uint32_t>(time >> 32));
      store_be32(&fragment[16], static_cast<std::uint32_t>(time));
      return true;
    }
    fragment = fragment.subspan(size);
  }
  return false;
}

}  // namespace berth::net
