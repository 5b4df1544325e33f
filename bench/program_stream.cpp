#include "bench/program_stream.hpp"

#include <algorithm>
#include <iterator>
#include <stdexcept>

namespace berth::bench {
namespace {

// ISO/IEC 13818-1 2.5.3.3, with an SCR of 0: nobody reads it.
constexpr std::uint8_t pack_header[] = {0, 0, 1, 0xba, 0x44, 0, 4, 0, 4, 1, 0, 0x10, 3, 0xf8};
// 2.5.4.1: H.264 in stream 0xe0.
constexpr std::uint8_t stream_map[] = {0, 0, 1, 0xbc, 0, 14, 0xe1, 0xff, 0, 0, 0, 4, 0x1b, 0xe0, 0, 0, 0, 0, 0, 0};
// Baseline profile, 640x480.
constexpr std::uint8_t parameter_sets[] = {0,    0,    0,    1,    0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x00, 0xa0, 0x3d, 0xb0,
                                           0x11, 0x00, 0x00, 0x03, 0x00, 0x01, 0x00, 0x00, 0x03, 0x00, 0x32, 0x0f, 0x16,
                                           0x2e, 0x48, 0,    0,    0,    1,    0x68, 0xcb, 0x83, 0xcb, 0x20};
// The first macroblock, slice type I or P, of picture parameter set 0.
constexpr std::uint8_t key_slice[] = {0, 0, 0, 1, 0x65, 0x88, 0x84};
constexpr std::uint8_t other_slice[] = {0, 0, 0, 1, 0x41, 0x9a, 0x02};
constexpr std::size_t slice_start = 3;  // bytes of a slice in front of its mark

// The moment follows as digits that can not look like a start code, behind a mark by which it is known.
constexpr std::uint8_t mark[] = {0xbe, 0xa7, 0xbe, 0xa7};
constexpr std::size_t digits = 16;
constexpr std::uint8_t digit = 0x40, filler = 0x55;

constexpr std::size_t pes_header = 9, stamp_size = 5, most_in_pes = 65000;

}  // namespace

coded_picture::coded_picture(bool key, std::size_t size) {
  if (size < least) throw std::runtime_error("a picture has at least " + std::to_string(least) + " bytes");
  bytes_.reserve(size);
  const auto append = [this](auto begin, auto end) { bytes_.insert(bytes_.end(), begin, end); };
  append(std::begin(pack_header), std::end(pack_header));
  if (key) append(std::begin(stream_map), std::end(stream_map));
  for (bool first = true; bytes_.size() < size; first = false) {
    const auto head = pes_header + (first ? stamp_size : 0);
    const auto left = size - bytes_.size();
    // The last header must not be cut: a packet before it leaves room for it, or takes all.
    auto payload = left > head + most_in_pes ? most_in_pes : left - head;
    if (left > head + most_in_pes && left - head - most_in_pes <= pes_header) payload -= 2 * pes_header;
    const auto length = 3 + (first ? stamp_size : 0) + payload;
    const std::uint8_t header[] = {0,
                                   0,
                                   1,
                                   0xe0,
                                   static_cast<std::uint8_t>(length >> 8),
                                   static_cast<std::uint8_t>(length),
                                   0x80,
                                   static_cast<std::uint8_t>(first ? 0x80 : 0),
                                   static_cast<std::uint8_t>(first ? stamp_size : 0)};
    append(std::begin(header), std::end(header));
    const auto end = bytes_.size() + (first ? stamp_size : 0) + payload;
    if (first) {
      pts_at_ = bytes_.size();
      bytes_.resize(bytes_.size() + stamp_size);
      if (key) append(std::begin(parameter_sets), std::end(parameter_sets));
      if (key)
        append(std::begin(key_slice), std::end(key_slice));
      else
        append(std::begin(other_slice), std::end(other_slice));
      append(std::begin(mark), std::end(mark));
      sent_at_ = bytes_.size();
    }
    bytes_.resize(end, filler);
  }
}

void coded_picture::stamp(std::uint64_t pts, std::chrono::steady_clock::time_point sent) {
  // 2.4.3.7: 33 bits in three pieces, a 1 behind each.
  auto* p = &bytes_[pts_at_];
  p[0] = static_cast<std::uint8_t>(0x21 | (pts >> 29 & 0x0e));
  p[1] = static_cast<std::uint8_t>(pts >> 22);
  p[2] = static_cast<std::uint8_t>((pts >> 14 & 0xfe) | 1);
  p[3] = static_cast<std::uint8_t>(pts >> 7);
  p[4] = static_cast<std::uint8_t>((pts << 1 & 0xfe) | 1);
  const auto ns = static_cast<std::uint64_t>(sent.time_since_epoch().count());
  for (std::size_t i = 0; i < digits; ++i)
    bytes_[sent_at_ + i] = static_cast<std::uint8_t>(digit | (ns >> (4 * (digits - 1 - i)) & 15));
}

std::optional<std::chrono::steady_clock::time_point> sent_at(std::span<const std::uint8_t> slice) noexcept {
  if (slice.size() < slice_start + sizeof mark + digits) return std::nullopt;
  const auto at = slice.subspan(slice_start);
  if (!std::equal(std::begin(mark), std::end(mark), at.begin())) return std::nullopt;
  std::uint64_t ns = 0;
  for (const auto d : at.subspan(sizeof mark, digits)) {
    if ((d & 0xf0) != digit) return std::nullopt;
    ns = ns << 4 | (d & 15);
  }
  return std::chrono::steady_clock::time_point{std::chrono::steady_clock::duration{static_cast<std::int64_t>(ns)}};
}

}  // namespace berth::bench
