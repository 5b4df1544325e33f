#include "net/ingest/payload_set.hpp"

#include <algorithm>

#include "net/ingest/aac_depacketizer.hpp"
#include "net/ingest/audio_depacketizer.hpp"
#include "net/ingest/h264_depacketizer.hpp"
#include "net/ingest/h265_depacketizer.hpp"
#include "net/ingest/ps_demuxer.hpp"
#include "net/ingest/ts_demuxer.hpp"

namespace berth::net {
namespace {

using carrier = payload_format::carrier;

constexpr std::uint8_t pt_mp2t = 33;  // RFC 3551 6
constexpr std::uint8_t first_dynamic = 96;

/// A demultiplexer, which finds its own boundaries, behind the interface of a payload format.
template <class Demuxer>
class carried final : public depacketizer {
 public:
  carried(elementary_sink& out, media_counters& counters) : demuxer_(out, counters) {}

  void push(const media_packet& packet) override {
    demuxer_.push(packet.payload);
    if (packet.marker) demuxer_.access_unit_end();
  }
  void lost() override { demuxer_.lost(); }
  void flush() override { demuxer_.flush(); }
  std::optional<announced_tracks> announced() const override { return demuxer_.announced(); }

 private:
  Demuxer demuxer_;
};

}  // namespace

std::string_view to_string(payload_format f) noexcept {
  switch (f.as) {
    case carrier::undecided:
      return "undecided";
    case carrier::ps:
      return "PS";
    case carrier::ts:
      return "TS";
    case carrier::elementary:
      return to_string(f.of);
    case carrier::unsupported:
      return "unsupported";
  }
  return {};
}

payload_format signature_of(bytes_view payload) noexcept {
  if (ps_demuxer::looks_like_ps(payload)) return {carrier::ps};
  if (ts_demuxer::looks_like_ts(payload)) return {carrier::ts};
  if (looks_like_h264(payload) == likeness::yes) return payload_format::elementary(codec::h264);
  if (looks_like_h265(payload) == likeness::yes) return payload_format::elementary(codec::h265);
  return {};
}

payload_format payload_set::by_number(std::uint8_t payload_type) const noexcept {
  if (const auto fixed = codec_of_payload(payload_type); is_served(fixed)) return payload_format::elementary(fixed);
  if (payload_type == pt_mp2t) return {carrier::ts};
  if (payload_type == options_.h264_pt) return payload_format::elementary(codec::h264);
  if (payload_type == options_.h265_pt) return payload_format::elementary(codec::h265);
  if (payload_type == options_.opus_pt) return payload_format::elementary(codec::opus);
  return {payload_type < first_dynamic ? carrier::unsupported : carrier::undecided};
}

payload_set::entry* payload_set::entry_for(std::uint8_t payload_type) {
  const auto end = entries_.begin() + static_cast<std::ptrdiff_t>(used_);
  const auto found =
      std::find_if(entries_.begin(), end, [&](const entry& e) { return e.payload_type == payload_type; });
  if (found != end) return &*found;
  if (used_ == max_types) return nullptr;
  auto& made = entries_[used_++];
  made.payload_type = payload_type;
  choose(made, by_number(payload_type));
  return &made;
}

void payload_set::lost() {
  for (std::size_t i = 0; i < used_; ++i)
    if (entries_[i].unpacker) entries_[i].unpacker->lost();
}

void payload_set::push(std::uint8_t payload_type, const media_packet& packet, bool missing) {
  if (missing) lost();
  auto* e = last_ != nullptr && last_->payload_type == payload_type ? last_ : entry_for(payload_type);
  if (e == nullptr) return counters_.unknown_payload.add();
  last_ = e;
  settle(*e, packet.payload);
  if (e->unpacker)
    e->unpacker->push(packet);
  else
    counters_.unknown_payload.add();
}

void payload_set::settle(entry& e, bytes_view payload) {
  const bool sound = e.format.as == carrier::elementary && !is_video(e.format.of);
  // Audio has no signature that could be trusted.
  if (sound || e.format.as == carrier::unsupported) return;
  const auto seen = signature_of(payload);
  const bool telling = seen.as != carrier::undecided, program = seen.as == carrier::ps || seen.as == carrier::ts;
  if (telling && seen == e.format) {
    e.unconfirmed = 0;
  } else if (telling && (e.format.as == carrier::undecided || e.unconfirmed >= doubt_after || program)) {
    // The start of a pack, or sync bytes all along, are no accident; a NAL unit header can be one.
    choose(e, seen);
  } else {
    ++e.unconfirmed;
  }
}

void payload_set::choose(entry& e, payload_format format) {
  if (e.unpacker) e.unpacker->flush();
  e.format = format;
  e.unconfirmed = 0;
  e.unpacker = make(format, e.payload_type);
}

std::shared_ptr<depacketizer> payload_set::make(payload_format format, std::uint8_t payload_type) {
  if (format.as == carrier::ps || format.as == carrier::ts)
    for (std::size_t i = 0; i < used_; ++i)
      if (entries_[i].format == format && entries_[i].unpacker) return entries_[i].unpacker;
  if (format.as == carrier::ps) return std::make_shared<carried<ps_demuxer>>(out_, counters_);
  if (format.as == carrier::ts) return std::make_shared<carried<ts_demuxer>>(out_, counters_);
  if (format.as != carrier::elementary) return nullptr;
  switch (format.of) {
    case codec::h264:
      return std::make_shared<h264_depacketizer>(out_, counters_, payload_type);
    case codec::h265:
      return std::make_shared<h265_depacketizer>(out_, counters_, payload_type);
    case codec::aac:
      return std::make_shared<aac_depacketizer>(out_, counters_, payload_type);
    default:
      return std::make_shared<audio_depacketizer>(out_, counters_, payload_type, format.of);
  }
}

void payload_set::flush() {
  for (std::size_t i = 0; i < used_; ++i)
    if (entries_[i].unpacker) entries_[i].unpacker->flush();
}

void payload_set::reset() {
  flush();
  entries_ = {};
  used_ = 0;
  last_ = nullptr;
}

std::optional<announced_tracks> payload_set::announced() const noexcept {
  for (std::size_t i = 0; i < used_; ++i)
    if (entries_[i].unpacker)
      if (auto tracks = entries_[i].unpacker->announced()) return tracks;
  return std::nullopt;
}

}  // namespace berth::net
