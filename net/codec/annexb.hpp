// NAL units in a byte stream (ISO/IEC 14496-10 Annex B) and behind lengths (ISO/IEC 14496-15).
#pragma once

#include <cstdint>
#include <vector>

#include "net/base/bytes.hpp"

namespace berth::net {

/// Takes the NAL units of a byte stream, piece by piece: each one begins, has at least one piece, none of them empty,
/// and ends. The views are valid during the call only. Must not throw.
class nal_sink {
 public:
  virtual void nal_begin() = 0;
  virtual void nal_bytes(bytes_view piece) = 0;
  virtual void nal_end() = 0;

 protected:
  ~nal_sink() = default;
};

/// Where the next 00 00 01 begins at or behind `from`; the size of `bytes` if there is none.
std::size_t find_start_code(bytes_view bytes, std::size_t from = 0) noexcept;

///   [00 00] 00 00 01 | NAL unit | 00 ... (trailing_zero_8bits) | 00 00 01 | ...
///
/// Finds NAL units in a byte stream that comes in any pieces: how it is cut does not matter. The bytes go on as views;
/// only zeros at the end of a piece are kept back, as a number, until it is known whether a start code follows. Bytes
/// before the first start code are passed over, and so are NAL units without a byte. A part of one assembler, on its
/// thread.
class annexb_splitter {
 public:
  explicit annexb_splitter(nal_sink& out) noexcept : out_(out) {}

  void push(bytes_view piece);
  /// The stream ends here, and with it the NAL unit under way. What is pushed next has to begin with a start code.
  void end();
  /// As after end(), but the NAL unit under way is forgotten: its nal_end() never comes.
  void reset() noexcept;

  /// Bytes without a start code before them, since the splitter was made.
  std::uint64_t skipped() const noexcept { return skipped_; }

 private:
  void give(bytes_view piece);
  void give_zeros();
  void start_code();

  nal_sink& out_;
  std::uint64_t skipped_ = 0;
  std::size_t zeros_ = 0;  // kept back
  bool in_nal_ = false;    // behind a start code
  bool begun_ = false;     // and a first byte was given
};

/// Appends one NAL unit behind its length in 4 bytes, big endian.
void append_length_prefixed(std::vector<std::uint8_t>& to, bytes_view nal);

/// Calls each(bytes_view) for the NAL units of length-prefixed data that are not empty; stops where a length reaches
/// past the end.
template <class Each>
void for_each_nal(bytes_view data, Each&& each) {
  while (data.size() > 4) {
    const std::size_t length = load_be32(data.data());
    if (length > data.size() - 4) return;
    if (length > 0) each(data.subspan(4, length));
    data = data.subspan(4 + length);
  }
}

/// The same NAL units behind start codes of 4 bytes.
std::vector<std::uint8_t> to_annexb(bytes_view length_prefixed);

}  // namespace berth::net
