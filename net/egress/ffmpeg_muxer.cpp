#include "net/egress/ffmpeg_muxer.hpp"

#include <algorithm>
#include <cerrno>
#include <span>
#include <string>

#include "net/egress/mp4_boxes.hpp"

namespace berth::net {
namespace {

chunk_ptr make_chunk(std::vector<std::uint8_t> bytes, bool key, std::int64_t dts) {
  auto c = std::make_shared<chunk>();
  c->bytes = std::move(bytes);
  c->key = key;
  c->dts = dts;
  return c;
}

constexpr std::size_t fragment_overhead = 256;  // about what is around a frame

// ISO/IEC 13818-1 2.4.3.2:
//
//   sync_byte (8): 0x47;  transport_error_indicator (1);  payload_unit_start_indicator (1);  transport_priority (1);
//   PID (13);  transport_scrambling_control (2);  adaptation_field_control (2): bit 0 = there is a payload;
//   continuity_counter (4): counts packets with payload, of the PID
constexpr std::size_t packet_size = 188;

unsigned pid_of(const std::uint8_t* packet) noexcept { return load_be16(packet + 1) & 0x1fffU; }
bool has_payload(const std::uint8_t* packet) noexcept { return (packet[3] & 0x10) != 0; }

constexpr unsigned pat_pid = 0, pmt_pid = 0x1000;  // the latter by the library's default

constexpr std::size_t padding = 64;  // behind a unit: the library's parsers read ahead

constexpr std::uint8_t start_code[] = {0, 0, 0, 1};
constexpr std::uint8_t h264_delimiter[] = {0, 0, 0, 1, 0x09, 0xf0};        // any slice type may follow
constexpr std::uint8_t h265_delimiter[] = {0, 0, 0, 1, 0x46, 0x01, 0x50};  // likewise

void put_unit(std::vector<std::uint8_t>& to, bytes_view nal) {
  put(to, start_code);
  put(to, nal);
}

}  // namespace

int memory_target::write(bytes_view b) {
  put(bytes_, b);
  return 0;
}

std::int64_t memory_target::seek(std::int64_t, int) { return -ESPIPE; }

fmp4_muxer::fmp4_muxer(const std::vector<track_ptr>& tracks, const muxer_options& options)
    : options_(options), tracks_(container::fmp4, tracks, options) {
  restart();
}

void fmp4_muxer::restart() {
  output_.reset();
  bytes_.clear();
  if (!tracks_.empty()) {
    // frag_custom: a fragment ends when it is asked to; skip_trailer: no index of fragments is gathered for the end
    auto opened = lavf_output::open({.format = "mp4",
                                     .options = {{"movflags", "frag_custom+empty_moov+default_base_moof+skip_trailer"},
                                                 {"use_editlist", "0"},
                                                 {"fragment_index", std::to_string(fragments_ + 1)}},
                                     .video = tracks_.video(),
                                     .audio = tracks_.audio(),
                                     .contiguous = true},
                                    bytes_);
    if (opened) output_ = std::move(*opened);
  }
  header_ = make_chunk(output_ ? bytes_.take() : std::vector<std::uint8_t>{}, false, 0);
}

chunk_ptr fmp4_muxer::write(const frame& f) {
  if (f.data.empty()) return nullptr;
  const auto fit = tracks_.take(f.of);
  if (fit == carried_tracks::fit::none) return nullptr;
  if (fit == carried_tracks::fit::changed) restart();
  if (!output_) return nullptr;

  const std::size_t front = fit == carried_tracks::fit::changed ? header_->bytes.size() : 0;
  bytes_.expect(f.data.size() + fragment_overhead + front);
  if (front > 0) bytes_.write(header_->bytes);
  const bool good = output_->write(f, f.data, options_.origin) >= 0 && output_->flush_fragment() >= 0;
  auto bytes = bytes_.take();
  // The library derives decode times from the durations it was told, which are guesses, and bends stamps to them.
  if (!good || !set_mp4_decode_time(std::span{bytes}.subspan(front), static_cast<std::uint64_t>(output_->last_dts())))
    return nullptr;
  ++fragments_;
  return make_chunk(std::move(bytes), tracks_.may_begin_with(f), f.dts);
}

ts_muxer::ts_muxer(const std::vector<track_ptr>& tracks, const muxer_options& options)
    : options_(options), tracks_(container::ts, tracks, options), header_(make_chunk({}, false, 0)) {
  restart();
}

void ts_muxer::restart() {
  output_.reset();
  bytes_.clear();
  for (auto& offset : counter_offset_) offset = 0;
  if (tracks_.empty()) return;
  // pes_payload_size 0: audio frames are not gathered for one packet
  auto opened = lavf_output::open({.format = "mpegts",
                                   .options = {{"pes_payload_size", "0"},
                                               {"pcr_period", "20"},
                                               {"pat_period", "0.5"},
                                               {"sdt_period", "2"},
                                               {"tables_version", std::to_string(table_version_ % 32)}},
                                   .video = tracks_.video(),
                                   .audio = tracks_.audio(),
                                   .parameter_sets = false},
                                  bytes_);
  if (opened) output_ = std::move(*opened);
  ++table_version_;
}

bool ts_muxer::needs_restart(const track_ptr& before, const track_ptr& now) const noexcept {
  return !output_ || !before || before->format != now->format || !is_video(now->format);
}

chunk_ptr ts_muxer::write(const frame& f) {
  if (f.data.empty() || !f.of) return nullptr;
  const bool video = is_video(f.of->format);
  const auto before = video ? tracks_.video() : tracks_.audio();
  const auto fit = tracks_.take(f.of);
  if (fit == carried_tracks::fit::none) return nullptr;
  const bool changed = fit == carried_tracks::fit::changed;
  if (changed && needs_restart(before, f.of)) restart();
  if (!output_) return nullptr;

  const auto data = video ? with_start_codes(f, f.key || changed) : bytes_view{f.data};
  if (data.empty()) return nullptr;
  const bool key = tracks_.may_begin_with(f);
  if (video && f.key) output_->set_option("mpegts_flags", "+resend_headers");
  bytes_.expect(data.size() + data.size() / 40 + 8 * packet_size);
  // The library gathers small audio frames whatever pes_payload_size says, unless it is flushed.
  const bool good = output_->write(f, data, options_.origin) >= 0 && (video || output_->flush_fragment() >= 0);
  auto bytes = bytes_.take();
  if (!good || bytes.empty()) return nullptr;
  keep_continuity(bytes);
  remember_tables(bytes);
  return make_chunk(std::move(bytes), key, f.dts);
}

// ISO/IEC 13818-1 2.14.1 and 2.17.1 want an access unit delimiter in front of each access unit.
bytes_view ts_muxer::with_start_codes(const frame& f, bool with_sets) {
  unit_.clear();
  const auto& t = *f.of;
  if (t.format == codec::h264)
    put(unit_, h264_delimiter);
  else
    put(unit_, h265_delimiter);
  if (with_sets)
    for (const auto* sets : {&t.vps, &t.sps, &t.pps})
      for (const auto& set : *sets) put_unit(unit_, set);
  const auto bare = unit_.size();
  for (bytes_view rest{f.data}; rest.size() > 4;) {
    const std::size_t length = load_be32(rest.data());
    rest = rest.subspan(4);
    if (length > rest.size()) break;  // what is cut off would only be decoded to garbage
    if (length > 0) put_unit(unit_, rest.first(length));
    rest = rest.subspan(length);
  }
  const auto size = unit_.size();
  if (size == bare) return {};
  unit_.resize(size + padding);
  return bytes_view{unit_}.first(size);
}

void ts_muxer::keep_continuity(std::vector<std::uint8_t>& packets) {
  constexpr std::uint8_t known = 0x80, mask = 0x0f;
  for (std::size_t at = 0; at + packet_size <= packets.size(); at += packet_size) {
    auto* const p = &packets[at];
    const auto pid = pid_of(p);
    auto& last = last_counter_[pid];
    auto& offset = counter_offset_[pid];
    if ((offset & known) == 0) {
      const int next = (last & known) != 0 ? (last & mask) + (has_payload(p) ? 1 : 0) : p[3] & mask;
      offset = static_cast<std::uint8_t>(known | ((next - (p[3] & mask)) & mask));
    }
    const auto counter = static_cast<std::uint8_t>((p[3] + offset) & mask);
    p[3] = static_cast<std::uint8_t>((p[3] & ~mask) | counter);
    last = static_cast<std::uint8_t>(known | counter);
  }
}

void ts_muxer::remember_tables(const std::vector<std::uint8_t>& packets) {
  std::vector<std::uint8_t> tables;
  for (std::size_t at = 0; at + packet_size <= packets.size(); at += packet_size)
    if (const auto pid = pid_of(&packets[at]); pid == pat_pid || pid == pmt_pid)
      put(tables, bytes_view{packets}.subspan(at, packet_size));
  if (!tables.empty()) header_ = make_chunk(std::move(tables), false, 0);
}

}  // namespace berth::net
