#include "net/annexb.hpp"

#include <algorithm>
#include <array>

namespace berth::net {

// The last byte of three says how far the next start code is at least: hardly any byte of a picture is 0 or 1, so one
// in three is looked at. A search for 01 by memchr would be faster on pictures, but hostile bytes make it ten times
// slower; these steps never are.
std::size_t find_start_code(bytes_view bytes, std::size_t from) noexcept {
  if (from >= bytes.size()) return bytes.size();
  const std::uint8_t* const b = bytes.data();
  for (std::size_t at = from + 2; at < bytes.size();) {
    if (b[at] > 1) {
      at += 3;
    } else if (b[at] == 0) {
      ++at;
    } else if (b[at - 1] == 0 && b[at - 2] == 0) {
      return at - 2;
    } else {
      at += 3;
    }
  }
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
