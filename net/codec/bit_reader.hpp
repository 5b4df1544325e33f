// Bits of an RBSP: what H.264 and H.265 headers are written in (ISO/IEC 14496-10 7.2, 9.1).
#pragma once

#include <cstdint>

#include "net/base/bytes.hpp"

namespace berth::net {

/// Reads most significant bit first and steps over emulation prevention bytes (00 00 03, ISO/IEC 14496-10 7.4.1.1) as
/// it goes, so that nobody has to copy a set to read it. Past the end every bit is 0 and failed() is true, once and for
/// all: one question behind a row of reads answers for them all. A value over borrowed bytes, for one thread; it must
/// not outlive them.
class bit_reader {
 public:
  enum class escapes : bool { kept, removed };

  explicit bit_reader(bytes_view bytes, escapes e = escapes::removed) noexcept
      : bytes_(bytes), remove_(e == escapes::removed) {}

  bool bit() noexcept;
  /// Up to 32 bits; of more, the last 32.
  std::uint32_t bits(unsigned count) noexcept;
  void skip(unsigned count) noexcept;
  /// ue(v), 9.1: 0 to 2^32 - 2, behind at most 31 zeros. More is a failure, and the value is 0.
  std::uint32_t ue() noexcept;
  /// se(v), 9.1.1.
  std::int32_t se() noexcept;

  /// Something was read that is not there.
  bool failed() const noexcept { return failed_; }

 private:
  bytes_view bytes_;
  std::size_t at_ = 0;  // byte
  unsigned used_ = 0;   // bits of it
  unsigned zeros_ = 0;  // zero bytes before it
  bool remove_;
  bool failed_ = false;
};

}  // namespace berth::net
