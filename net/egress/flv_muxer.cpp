#include "net/egress/flv_muxer.hpp"

#include <algorithm>
#include <bit>
#include <string_view>

#include "net/base/bytes.hpp"

namespace berth::net {
namespace {

using octets = std::vector<std::uint8_t>;

constexpr std::uint8_t audio_tag = 8, video_tag = 9, script_tag = 18;
constexpr std::size_t tag_header_size = 11, back_pointer_size = 4;
constexpr std::size_t largest_body = 0xffffff;

constexpr std::uint32_t four_cc(const char (&name)[5]) {
  std::uint32_t v = 0;
  for (int i = 0; i < 4; ++i) v = (v << 8) | static_cast<std::uint8_t>(name[i]);
  return v;
}

void put24(octets& to, std::uint32_t v) {
  put(to, {static_cast<std::uint8_t>(v >> 16), static_cast<std::uint8_t>(v >> 8), static_cast<std::uint8_t>(v)});
}
void put32(octets& to, std::uint32_t v) {
  to.push_back(static_cast<std::uint8_t>(v >> 24));
  put24(to, v);
}

// FLV 10.1, E.4.1:
//
//   TagType (8): 8 = audio, 9 = video, 18 = script data
//   DataSize (24): bytes of the body
//   Timestamp (24), TimestampExtended (8): ms; the extension is the upper byte
//   StreamID (24): 0
//   body
//   PreviousTagSize (32): 11 + DataSize (E.3)
void begin_tag(octets& to, std::uint8_t type, std::size_t body_size, std::int64_t ms) {
  const auto stamp = static_cast<std::uint32_t>(ms);
  to.push_back(type);
  put24(to, static_cast<std::uint32_t>(body_size));
  put24(to, stamp & 0xffffff);
  to.push_back(static_cast<std::uint8_t>(stamp >> 24));
  put24(to, 0);
}

void put_tag(octets& to, std::uint8_t type, std::int64_t ms, bytes_view body_begin, bytes_view rest) {
  const auto size = body_begin.size() + rest.size();
  begin_tag(to, type, size, ms);
  put(to, body_begin);
  put(to, rest);
  put32(to, static_cast<std::uint32_t>(tag_header_size + size));
}

enum class packet : std::uint8_t { configuration = 0, frame = 1 };

/// The first bytes of a body, in front of the configuration or the frame. 8 are the most.
struct body_begin {
  std::uint8_t bytes[8] = {};
  std::size_t size = 0;

  void add(std::uint8_t b) noexcept { bytes[size++] = b; }
  void add24(std::uint32_t v) noexcept {
    for (int shift = 16; shift >= 0; shift -= 8) add(static_cast<std::uint8_t>(v >> shift));
  }
  void add32(std::uint32_t v) noexcept {
    add(static_cast<std::uint8_t>(v >> 24));
    add24(v);
  }
  operator bytes_view() const noexcept { return {bytes, size}; }
};

// E.4.3.1, VideoTagHeader:
//
//   FrameType (4): 1 = key frame, 2 = inter frame;  CodecID (4): 7 = AVC, and 12 = HEVC by agreement of the field
//   AVCPacketType (8): 0 = sequence header, 1 = NALU;  CompositionTime (SI24): ms
//
// Enhanced RTMP 1, "Enhancing Video":
//
//   1 (1);  FrameType (3);  PacketType (4): 0 = SequenceStart, 1 = CodedFrames;  FourCC (32);  for CodedFrames of
//   hvc1: CompositionTime (SI24)
body_begin video_begin(codec format, bool enhanced, packet p, bool key, std::int64_t composition) {
  constexpr std::int64_t limit = 0x7fffff;
  const auto time = static_cast<std::uint32_t>(std::clamp(composition, -limit, limit)) & 0xffffff;
  const unsigned frame_type = key ? 1 : 2;
  body_begin b;
  if (format == codec::h265 && enhanced) {
    b.add(static_cast<std::uint8_t>(0x80 | (frame_type << 4) | static_cast<unsigned>(p)));
    b.add32(four_cc("hvc1"));
    if (p == packet::frame) b.add24(time);
    return b;
  }
  b.add(static_cast<std::uint8_t>((frame_type << 4) | (format == codec::h264 ? 7U : 12U)));
  b.add(static_cast<std::uint8_t>(p));
  b.add24(time);
  return b;
}

// E.4.2.1, AudioTagHeader:
//
//   SoundFormat (4): 7 = A-law, 8 = mu-law, 10 = AAC;  SoundRate (2);  SoundSize (1): 1 = 16 bits;  SoundType (1)
//   AAC: always 44 kHz and stereo, then AACPacketType (8): 0 = sequence header, 1 = raw
//
// Enhanced RTMP 2, "Enhanced Audio":
//
//   9 (4);  AudioPacketType (4): 0 = SequenceStart, 1 = CodedFrames;  FourCC (32)
body_begin audio_begin(const track& t, packet p) {
  body_begin b;
  if (t.format == codec::opus) {
    b.add(static_cast<std::uint8_t>(0x90 | static_cast<unsigned>(p)));
    b.add32(four_cc("Opus"));
  } else if (t.format == codec::aac) {
    b.add(0xaf);
    b.add(static_cast<std::uint8_t>(p));
  } else {
    b.add(static_cast<std::uint8_t>((t.format == codec::pcma ? 0x70 : 0x80) | 0x02 | (t.channels == 2 ? 1 : 0)));
  }
  return b;
}

void put_configuration(octets& to, const track& t, bool enhanced, std::int64_t ms) {
  if (t.configuration.empty()) return;
  if (is_video(t.format))
    put_tag(to, video_tag, ms, video_begin(t.format, enhanced, packet::configuration, true, 0), t.configuration);
  else
    put_tag(to, audio_tag, ms, audio_begin(t, packet::configuration), t.configuration);
}

// AMF0 2.2 to 2.10, E.4.4:
//
//   string: 2 (8), length (16), bytes;  ECMA array: 8 (8), count (32), properties, 0 (16), 9 (8)
//   property: length (16), name, value;  number: 0 (8), double (64);  boolean: 1 (8), 0 or 1 (8)
class metadata {
 public:
  metadata() {
    bytes_.push_back(2);
    name("onMetaData");
    bytes_.push_back(8);
    put32(bytes_, 0);
  }
  void number(std::string_view property, double v) {
    name(property);
    bytes_.push_back(0);
    const auto bits = std::bit_cast<std::uint64_t>(v);
    put32(bytes_, static_cast<std::uint32_t>(bits >> 32));
    put32(bytes_, static_cast<std::uint32_t>(bits));
    ++count_;
  }
  void boolean(std::string_view property, bool v) {
    name(property);
    put(bytes_, {1, static_cast<std::uint8_t>(v)});
    ++count_;
  }
  octets finish() && {
    put(bytes_, {0, 0, 9});
    store_be32(&bytes_[count_at], count_);
    return std::move(bytes_);
  }

 private:
  static constexpr std::size_t count_at = 14;

  void name(std::string_view n) {
    put(bytes_, {static_cast<std::uint8_t>(n.size() >> 8), static_cast<std::uint8_t>(n.size())});
    for (const char c : n) bytes_.push_back(static_cast<std::uint8_t>(c));
  }

  octets bytes_;
  std::uint32_t count_ = 0;
};

double codec_number(codec format, bool enhanced) {
  switch (format) {
    case codec::h264:
      return 7;
    case codec::h265:
      return enhanced ? four_cc("hvc1") : 12;
    case codec::aac:
      return 10;
    case codec::opus:
      return four_cc("Opus");
    default:
      return format == codec::pcma ? 7 : 8;
  }
}

octets make_metadata(const track* video, const track* audio, bool enhanced) {
  metadata m;
  m.number("duration", 0);  // the first: see flv_muxer::duration_at
  if (video != nullptr) {
    m.number("width", video->width);
    m.number("height", video->height);
    if (video->frame_rate > 0) m.number("framerate", video->frame_rate);
    m.number("videocodecid", codec_number(video->format, enhanced));
  }
  if (audio != nullptr) {
    m.number("audiocodecid", codec_number(audio->format, enhanced));
    m.number("audiosamplerate", audio->sample_rate);
    m.number("audiosamplesize", 16);
    m.boolean("stereo", audio->channels == 2);
  }
  return std::move(m).finish();
}

}  // namespace

flv_muxer::flv_muxer(const std::vector<track_ptr>& tracks, const muxer_options& options)
    : options_(options), tracks_(container::flv, tracks, options), header_(make_header()) {}

// E.2: "FLV", version 1, flags (4 = audio, 1 = video), size of the header (32): 9; then the first PreviousTagSize: 0
chunk_ptr flv_muxer::make_header() const {
  const auto *const video = tracks_.video().get(), *const audio = tracks_.audio().get();
  auto c = std::make_shared<chunk>();
  auto& b = c->bytes;
  put(b, {'F', 'L', 'V', 1, static_cast<std::uint8_t>((audio != nullptr ? 4 : 0) | (video != nullptr ? 1 : 0))});
  put32(b, 9);
  put32(b, 0);
  put_tag(b, script_tag, 0, make_metadata(video, audio, options_.enhanced_flv), {});
  if (video != nullptr) put_configuration(b, *video, options_.enhanced_flv, 0);
  if (audio != nullptr) put_configuration(b, *audio, options_.enhanced_flv, 0);
  return c;
}

std::int64_t flv_muxer::milliseconds(std::int64_t stamp) const noexcept {
  constexpr int ticks = frame_clock / 1000;
  return (std::max<std::int64_t>(stamp - options_.origin, 0) + ticks / 2) / ticks;
}

chunk_ptr flv_muxer::write(const frame& f) {
  if (f.data.empty() || f.data.size() > largest_body - sizeof(body_begin)) return nullptr;
  const auto fit = tracks_.take(f.of);
  if (fit == carried_tracks::fit::none) return nullptr;
  const bool changed = fit == carried_tracks::fit::changed;
  if (changed) header_ = make_header();

  const auto ms = milliseconds(f.dts);
  const bool video = is_video(f.of->format);
  const auto begin = video ? video_begin(f.of->format, options_.enhanced_flv, packet::frame, f.key,
                                         milliseconds(f.pts) - ms)  // so that presentation is rounded but once
                           : audio_begin(*f.of, packet::frame);
  auto c = std::make_shared<chunk>();
  c->key = tracks_.may_begin_with(f);
  c->dts = f.dts;
  c->bytes.reserve(2 * (tag_header_size + sizeof(body_begin) + back_pointer_size) + f.data.size() +
                   (changed ? f.of->configuration.size() : 0));
  if (changed) put_configuration(c->bytes, *f.of, options_.enhanced_flv, ms);
  put_tag(c->bytes, video ? video_tag : audio_tag, ms, begin, f.data);
  return c;
}

}  // namespace berth::net
