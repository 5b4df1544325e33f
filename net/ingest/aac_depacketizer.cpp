#include "net/ingest/aac_depacketizer.hpp"

#include <algorithm>

namespace berth::net {
namespace {

constexpr std::uint32_t samples_per_unit = 1024;
constexpr std::size_t adts_header_size = 7;
constexpr std::size_t largest_unit = 0x1fff - adts_header_size;  // frame_length has 13 bits

// ISO/IEC 14496-3 1.6.3.4, in the order of samplingFrequencyIndex
constexpr std::array<std::uint32_t, 13> sample_rates{96000, 88200, 64000, 48000, 44100, 32000, 24000,
                                                     22050, 16000, 12000, 11025, 8000,  7350};

std::uint8_t sample_rate_index(std::uint32_t rate) noexcept {
  const auto distance = [rate](std::uint32_t r) { return r < rate ? rate - r : r - rate; };
  const auto nearest = std::min_element(sample_rates.begin(), sample_rates.end(),
                                        [&](std::uint32_t a, std::uint32_t b) { return distance(a) < distance(b); });
  return static_cast<std::uint8_t>(nearest - sample_rates.begin());
}

// ISO/IEC 14496-3 1.A.2.2, by bits: syncword (12), ID (1), layer (2), protection_absent (1), profile_ObjectType (2),
// sampling_frequency_index (4), private (1), channel_configuration (3), four flags, frame_length (13),
// buffer_fullness (11), number_of_raw_data_blocks (2).
std::array<std::uint8_t, adts_header_size> make_adts_header(const aac_format& f) noexcept {
  const unsigned profile = (f.object_type - 1U) & 3U, rate = sample_rate_index(f.sample_rate),
                 channels = f.channels & 7U;
  return {0xff,
          0xf1,
          static_cast<std::uint8_t>(profile << 6 | rate << 2 | channels >> 2),
          static_cast<std::uint8_t>((channels & 3U) << 6),
          0,
          0x1f,  // variable rate
          0xfc};
}

void set_frame_length(std::array<std::uint8_t, adts_header_size>& header, std::size_t length) noexcept {
  header[3] = static_cast<std::uint8_t>((header[3] & 0xc0U) | length >> 11);
  header[4] = static_cast<std::uint8_t>(length >> 3);
  header[5] = static_cast<std::uint8_t>((header[5] & 0x1fU) | (length & 7U) << 5);
}

// As AU-headers-length its first 16 bits would be those of more AU-headers than such a packet has bytes.
bool is_adts(bytes_view payload) noexcept {
  if (payload.size() < adts_header_size || payload[0] != 0xff || (payload[1] & 0xf6) != 0xf0) return false;
  const auto length = (payload[3] & 0x03U) << 11 | unsigned{payload[4]} << 3 | payload[5] >> 5;
  return length >= adts_header_size && length <= payload.size() && payload.size() <= 0x1fff;
}

}  // namespace

aac_depacketizer::aac_depacketizer(elementary_sink& out, media_counters& counters, std::uint8_t payload_type,
                                   const aac_format& format) noexcept
    : out_(out),
      counters_(counters),
      stream_{.id = payload_type, .format = codec::aac, .clock_rate = format.sample_rate, .stamp_bits = 32},
      adts_header_(make_adts_header(format)) {}

// RFC 3640 3.2.1 and 3.3.6, without an auxiliary section:
//
//   +---------+-----------+-----------+---------------+---------------+
//   | length  | AU-header | AU-header |    access     |    access     |
//   | 16 bits | 16 bits   | 16 bits   |    unit       |    unit       |
//   +---------+-----------+-----------+---------------+---------------+
//
// The length is that of all AU-headers, in bits. An AU-header is AU-size (13), in bytes, and AU-Index or AU-Index-delta
// (3). The only access unit of a packet may go on in the next one: all its fragments have its whole size as AU-size.
void aac_depacketizer::push(const media_packet& packet) {
  constexpr std::size_t length_field = 2, header_size = 2;
  const auto& payload = packet.payload;
  if (is_adts(payload)) {
    begin_unit(packet.timestamp);
    out_.bytes(payload);
    return end_unit();
  }
  if (payload.size() < length_field) return counters_.malformed.add();
  const std::size_t bits = load_be16(payload.data()), count = bits / (8 * header_size);
  const bool sound = bits % (8 * header_size) == 0 && count > 0;
  if (!sound || payload.size() < length_field + count * header_size) return counters_.malformed.add();
  auto headers = payload.subspan(length_field, count * header_size);
  auto data = payload.subspan(length_field + headers.size());

  for (auto timestamp = packet.timestamp; !headers.empty(); timestamp += samples_per_unit) {
    const auto size = static_cast<std::size_t>(load_be16(headers.data()) >> 3);
    headers = headers.subspan(header_size);
    if (size == 0) {
      counters_.malformed.add();
    } else if (size > largest_unit) {
      counters_.oversized.add();
    } else if (size > data.size() && count == 1) {
      return take_fragment(packet, size, data);
    } else if (size > data.size()) {
      return counters_.malformed.add();  // only an access unit that is alone may be a fragment, 3.2.3.1
    } else {
      begin_frame(timestamp, size);
      out_.bytes(data.first(size));
      missing_ = 0;
      end_unit();
    }
    data = data.subspan(std::min(size, data.size()));
  }
}

// The first fragment looks like the others. If it is missing, the next one is taken for it, and the unit never becomes
// complete: that is how it is known to be damaged.
void aac_depacketizer::take_fragment(const media_packet& packet, std::size_t unit_size, bytes_view piece) {
  if (piece.empty()) return counters_.malformed.add();
  const bool goes_on = open_ && timestamp_ == packet.timestamp && size_ == unit_size && piece.size() <= missing_;
  if (!goes_on) begin_frame(packet.timestamp, unit_size);
  out_.bytes(piece);
  missing_ -= piece.size();
  if (missing_ == 0 || packet.marker) end_unit();
}

void aac_depacketizer::begin_unit(std::uint32_t timestamp) {
  end_unit();
  open_ = true;
  out_.unit_begin(stream_, raw_stamps{timestamp, timestamp});
}

void aac_depacketizer::begin_frame(std::uint32_t timestamp, std::size_t unit_size) {
  begin_unit(timestamp);
  timestamp_ = timestamp;
  size_ = missing_ = unit_size;
  set_frame_length(adts_header_, adts_header_size + unit_size);
  out_.bytes(adts_header_);
}

void aac_depacketizer::end_unit() {
  if (open_) out_.unit_end(missing_ > 0);
  open_ = false;
  missing_ = 0;
}

void aac_depacketizer::lost() {
  end_unit();
  out_.lost();
}

}  // namespace berth::net
