// Hostile RTP payloads of elementary streams: whatever comes, begins and ends belong together and no byte is invented.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "net/ingest/aac_depacketizer.hpp"
#include "net/ingest/audio_depacketizer.hpp"
#include "net/ingest/h264_depacketizer.hpp"
#include "net/ingest/h265_depacketizer.hpp"
#include "tests/fuzz/require.hpp"

using namespace berth::net;

namespace {

constexpr std::uint8_t payload_type = 96;

class checking_sink final : public elementary_sink {
 public:
  void unit_begin(const elementary_stream& stream, std::optional<raw_stamps> stamps) override {
    require(!in_unit_);
    require(stream.id == payload_type && stream.stamp_bits == 32 && stream.clock_rate > 0);
    require(stamps && stamps->pts == stamps->dts && stamps->pts <= 0xffffffff);
    in_unit_ = true;
    ++units;
  }
  void bytes(bytes_view piece) override {
    require(in_unit_ && !in_nal_);
    take(piece);
  }
  void nal_begin() override {
    require(in_unit_ && !in_nal_);
    in_nal_ = true;
    nal_size_ = 0;
    ++nals;
  }
  void nal_bytes(bytes_view piece) override {
    require(in_nal_ && !piece.empty());
    nal_size_ += piece.size();
    take(piece);
  }
  void nal_end() override {
    require(in_nal_ && nal_size_ > 0);
    in_nal_ = false;
  }
  void unit_end(bool) override {
    require(in_unit_ && !in_nal_);
    in_unit_ = false;
    unit_just_ended_ = true;
  }
  void lost() override {
    require(!in_unit_);
    ++losses;
    unit_just_ended_ = false;
  }
  void access_unit_end() override {
    require(!in_unit_ && unit_just_ended_);
    unit_just_ended_ = false;
  }

  bool in_unit() const { return in_unit_; }

  bytes_view payload;  // of the packet that is being unpacked
  std::size_t taken = 0, rebuilt = 0, units = 0, nals = 0, losses = 0;

 private:
  void take(bytes_view piece) {
    const bool of_packet =
        piece.data() >= payload.data() && piece.data() + piece.size() <= payload.data() + payload.size();
    if (of_packet) {
      taken += piece.size();
    } else {
      require(piece.size() <= 7);  // a NAL unit header or an ADTS header
      ++rebuilt;
    }
    // Reads all of it: the sanitizer sees where it is.
    for (const auto b : piece) sum_ = static_cast<std::uint8_t>(sum_ + b);
  }

  bool in_unit_ = false, in_nal_ = false, unit_just_ended_ = false;
  std::size_t nal_size_ = 0;
  volatile std::uint8_t sum_ = 0;
};

std::unique_ptr<depacketizer> make(std::uint8_t which, elementary_sink& out, media_counters& counters) {
  switch (which % 4) {
    case 0:
      return std::make_unique<h264_depacketizer>(out, counters, payload_type);
    case 1:
      return std::make_unique<h265_depacketizer>(out, counters, payload_type);
    case 2:
      return std::make_unique<aac_depacketizer>(out, counters, payload_type);
    default:
      return std::make_unique<audio_depacketizer>(out, counters, payload_type, codec::opus);
  }
}

}  // namespace

// The input's first byte chooses the format. Then packets: a byte of flags (1 = marker, 2 = loss before, 4 = the next
// time stamp, 8 = flush behind), a byte of length, the payload.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  checking_sink out;
  media_counters counters;
  const auto unpacker = make(data[0], out, counters);
  std::uint32_t timestamp = 0xfffffffe;
  std::size_t received = 0, losses = 0, packets = 0;
  for (std::size_t at = 1; at + 2 <= size;) {
    const auto flags = data[at];
    const auto length = std::min<std::size_t>(data[at + 1], size - at - 2);
    // A block of its own size.
    const std::vector<std::uint8_t> payload(data + at + 2, data + at + 2 + length);
    at += 2 + length;
    ++packets;
    if ((flags & 2) != 0) {
      out.payload = {};
      unpacker->lost();
      require(!out.in_unit());
      ++losses;
    }
    if ((flags & 4) != 0) ++timestamp;
    out.payload = payload;
    received += payload.size();
    unpacker->push({timestamp, (flags & 1) != 0, payload});
    if ((flags & 8) != 0) {
      unpacker->flush();
      require(!out.in_unit());
    }
    require(out.losses == losses);
    require(out.taken <= received);
    require(out.rebuilt <= out.nals + out.units);
    require(counters.malformed.value() <= received + packets);
    require(looks_like_h264(payload) != likeness::yes || looks_like_h265(payload) == likeness::no);
  }
  unpacker->flush();
  require(!out.in_unit());
  return 0;
}
