#include "net/codec/annexb.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace berth::net {
namespace {

// Sixteen bytes that are worked on together, in the compilers' notation for what all processors of today can do.
constexpr std::size_t lanes = 16;
using byte_lanes = std::uint8_t __attribute__((vector_size(lanes)));

byte_lanes at(const std::uint8_t* p) noexcept {
  byte_lanes v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

template <class Lanes>
bool any(const Lanes& v) noexcept {
  std::uint64_t halves[2];
  static_assert(sizeof halves == sizeof v);
  std::memcpy(halves, &v, sizeof v);
  return (halves[0] | halves[1]) != 0;
}

}  // namespace

// Whole blocks are ruled out at once, by work that costs the same whatever the bytes are: a search for one byte of the
// code would be slow on hostile ones.
std::size_t find_start_code(bytes_view bytes, std::size_t from) noexcept {
  if (bytes.size() < 3) return bytes.size();
  const auto end = bytes.size() - 2;  // no code begins there any more
  const std::uint8_t* const b = bytes.data();
  for (; from + lanes <= end; from += lanes)
    if (any((at(b + from) | at(b + from + 1) | (at(b + from + 2) ^ 1)) == 0)) break;
  for (; from < end; ++from)
    if (b[from] == 0 && b[from + 1] == 0 && b[from + 2] == 1) return from;
  return bytes.size();
}

void annexb_splitter::push(bytes_view piece) {
  // A start code that the piece before has begun.
  if (zeros_ > 0) {
    std::size_t leading = 0;
    while (leading < piece.size() && piece[leading] == 0) ++leading;
    if (leading == piece.size()) {
      zeros_ += leading;
      return;
    }
    if (zeros_ + leading >= 2 && piece[leading] == 1) {
      start_code();
      piece = piece.subspan(leading + 1);
      zeros_ = 0;
    } else {
      give_zeros();
    }
  }
  for (;;) {
    const auto at = find_start_code(piece);
    if (at == piece.size()) break;
    auto nal = piece.first(at);
    while (!nal.empty() && nal.back() == 0) nal = nal.first(nal.size() - 1);
    give(nal);
    start_code();
    piece = piece.subspan(at + 3);
  }
  while (!piece.empty() && piece.back() == 0) {
    piece = piece.first(piece.size() - 1);
    ++zeros_;
  }
  give(piece);
}

void annexb_splitter::give(bytes_view piece) {
  if (!in_nal_) skipped_ += piece.size();
  if (!in_nal_ || piece.empty()) return;
  if (!begun_) out_.nal_begin();
  begun_ = true;
  out_.nal_bytes(piece);
}

// They were the NAL unit's own. As many as came: a broken stream may have more of them in a row than a sound one.
void annexb_splitter::give_zeros() {
  constexpr std::array<std::uint8_t, 64> zeros{};
  while (zeros_ > 0) {
    const auto some = std::min(zeros_, zeros.size());
    give(bytes_view{zeros}.first(some));
    zeros_ -= some;
  }
}

void annexb_splitter::start_code() {
  if (begun_) out_.nal_end();
  begun_ = false;
  in_nal_ = true;
}

void annexb_splitter::end() {
  if (begun_) out_.nal_end();
  reset();
}

void annexb_splitter::reset() noexcept {
  zeros_ = 0;
  in_nal_ = begun_ = false;
}

void append_length_prefixed(std::vector<std::uint8_t>& to, bytes_view nal) {
  std::uint8_t length[4];
  store_be32(length, static_cast<std::uint32_t>(nal.size()));
  to.insert(to.end(), length, length + 4);
  to.insert(to.end(), nal.begin(), nal.end());
}

std::vector<std::uint8_t> to_annexb(bytes_view length_prefixed) {
  constexpr std::array<std::uint8_t, 4> code{0, 0, 0, 1};
  std::vector<std::uint8_t> out;
  out.reserve(length_prefixed.size());
  for_each_nal(length_prefixed, [&](bytes_view nal) {
    out.insert(out.end(), code.begin(), code.end());
    out.insert(out.end(), nal.begin(), nal.end());
  });
  return out;
}

}  // namespace berth::net
