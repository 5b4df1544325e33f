#include "net/rtp/rtp_writer.hpp"

#include <algorithm>
#include <utility>

#include "net/rtp/rtp_packet.hpp"

namespace berth::net {

std::uint8_t* rtp_batch::add(std::size_t size) {
  const auto at = bytes_.size();
  bytes_.resize(at + prefix() + size);
  auto* const p = bytes_.data() + at;
  if (framing_ == framing::length) store_be16(p, static_cast<std::uint16_t>(size));
  begins_.push_back(at + prefix());
  return p + prefix();
}

void rtp_batch::clear() noexcept {
  bytes_.clear();
  begins_.clear();
}

bytes_view rtp_batch::packet(std::size_t i) const noexcept {
  const auto end = i + 1 < begins_.size() ? begins_[i + 1] - prefix() : bytes_.size();
  return {bytes_.data() + begins_[i], end - begins_[i]};
}

std::vector<std::uint8_t> rtp_batch::take() {
  begins_.clear();
  return std::exchange(bytes_, {});
}

//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |V=2|P|X|  CC   |M|     PT      |       sequence number         |
//   |                           timestamp                           |
//   |                             SSRC                              |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
void rtp_writer::put(rtp_batch& to, std::int64_t time, bool marker, bytes_view head, bytes_view payload) {
  const auto size = head.size() + payload.size();
  auto* const p = to.add(rtp_header_size + size);
  timestamp_ = identity_.first_timestamp + static_cast<std::uint32_t>(time);
  p[0] = 2 << 6;
  p[1] = static_cast<std::uint8_t>((marker ? 0x80 : 0) | identity_.payload_type);
  store_be16(p + 2, sequence_++);
  store_be32(p + 4, timestamp_);
  store_be32(p + 8, identity_.ssrc);
  std::copy(payload.begin(), payload.end(), std::copy(head.begin(), head.end(), p + rtp_header_size));
  ++packets_;
  octets_ += static_cast<std::uint32_t>(size);
}

}  // namespace berth::net
