// Parts of program streams (ISO/IEC 13818-1 2.5), right or wrong, as tests want them.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "net/ingest/elementary_sink.hpp"
#include "tests/support/packets.hpp"

namespace berth::tests::ps {

inline bytes operator+(bytes a, const bytes& b) {
  append(a, b);
  return a;
}

inline std::uint8_t low(std::size_t v) { return static_cast<std::uint8_t>(v); }
inline std::uint8_t high(std::size_t v) { return static_cast<std::uint8_t>(v >> 8); }

/// 2.5.3.3
inline bytes pack(std::size_t stuffing = 0) {
  return bytes{0, 0, 1, 0xba, 0x44, 0, 4, 0, 4, 1, 0, 0x10, 3, low(0xf8 | stuffing)} + bytes(stuffing, 0xff);
}
/// ISO/IEC 11172-1 2.4.3.2
inline bytes pack_of_mpeg1() { return {0, 0, 1, 0xba, 0x21, 0, 1, 0, 1, 0x80, 0x10, 1}; }

/// Any packet that is a length and its bytes.
inline bytes packet(std::uint8_t id, const bytes& content) {
  return bytes{0, 0, 1, id, high(content.size()), low(content.size())} + content;
}
inline bytes system_header() {
  return packet(0xbb, {0x80, 0x10, 1, 4, 0xe1, 0x7f, 0xe0, 0xe0, 0x80, 0xc0, 0xc0, 0x20});
}

struct entry {
  std::uint8_t type, id;
  bytes descriptors{};
};
/// 2.5.4.1, with a CRC that is wrong, as many devices have it.
inline bytes map(const std::vector<entry>& entries, const bytes& info = {}) {
  bytes list;
  for (const auto& e : entries)
    append(list, bytes{e.type, e.id, high(e.descriptors.size()), low(e.descriptors.size())} + e.descriptors);
  return packet(0xbc, bytes{0xe1, 0xff, high(info.size()), low(info.size())} + info +
                          bytes{high(list.size()), low(list.size())} + list + bytes{0xde, 0xad, 0xbe, 0xef});
}

inline bytes stamp(int prefix, std::uint64_t s) {
  return {low(static_cast<std::size_t>(prefix) << 4 | (s >> 29 & 0xe) | 1), low(s >> 22), low((s >> 14 & 0xfe) | 1),
          low(s >> 7), low((s << 1 & 0xfe) | 1)};
}

struct pes_fields {
  std::optional<net::raw_stamps> stamps{};
  std::optional<std::size_t> length{};  ///< instead of the right one
  std::size_t stuffing = 0;
};
inline bytes pes(std::uint8_t id, const bytes& payload, const pes_fields& f = {}) {
  bytes data;
  int flags = 0;
  if (f.stamps) {
    const bool both = f.stamps->pts != f.stamps->dts;
    flags = both ? 0xc0 : 0x80;
    data = stamp(both ? 3 : 2, f.stamps->pts);
    if (both) append(data, stamp(1, f.stamps->dts));
  }
  data.resize(data.size() + f.stuffing, 0xff);
  const auto length = f.length.value_or(3 + data.size() + payload.size());
  return bytes{0, 0, 1, id, high(length), low(length), 0x80, static_cast<std::uint8_t>(flags), low(data.size())} +
         data + payload;
}

/// NAL units of H.264 as long as is wished. Zeros and start codes of their own are in it, but none of the system layer.
inline bytes picture_bytes(std::size_t size, std::uint8_t seed = 7) {
  bytes b{0, 0, 0, 1, 0x67, 1, 2, 3, 0, 0, 1, 0x68, 4, 0, 0, 3, 0, 0, 1, 0x65};
  while (b.size() < size) {
    const auto n = b.size();
    b.push_back(n % 23 == 0 || n % 23 == 1 ? 0 : static_cast<std::uint8_t>((n * seed) % 250 + 3));
  }
  b.resize(size);
  if (!b.empty()) b.back() = 0x80;
  return b;
}

constexpr net::raw_stamps at(std::uint64_t pts) { return {pts, pts}; }

inline net::elementary_stream stream(std::uint8_t id, net::codec format) { return {id, format, 90000, 33}; }

}  // namespace berth::tests::ps
