#include "net/codec/aac_syntax.hpp"

#include <array>

#include "net/codec/bit_reader.hpp"

namespace berth::net::aac {
namespace {

constexpr std::array<int, 13> sample_rates{96000, 88200, 64000, 48000, 44100, 32000, 24000,
                                           22050, 16000, 12000, 11025, 8000,  7350};
constexpr std::array<int, 16> channel_counts{0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 24, 8, 0};  // table 1.19
constexpr std::uint32_t explicit_rate = 15, escaped_type = 31;

template <std::size_t N>
std::size_t index_of(const std::array<int, N>& in, int value) {
  std::size_t i = 0;
  while (i < N && in[i] != value) ++i;
  return i;
}

}  // namespace

std::optional<adts_header> parse_adts(bytes_view b) noexcept {
  if (b.size() < adts_header_size || b[0] != 0xff || (b[1] & 0xf6) != 0xf0) return std::nullopt;
  const auto rate = static_cast<std::size_t>((b[2] >> 2) & 15);
  const auto channels = static_cast<std::size_t>(((b[2] & 1) << 2) | (b[3] >> 6));
  if (rate >= sample_rates.size() || channels == 0) return std::nullopt;
  adts_header h;
  h.object_type = (b[2] >> 6) + 1;
  h.sample_rate = sample_rates[rate];
  h.channels = channel_counts[channels];
  h.frame_size = static_cast<std::size_t>(((b[3] & 3) << 11) | (b[4] << 3) | (b[5] >> 5));
  h.blocks = (b[6] & 3) + 1;
  const bool has_crc = (b[1] & 1) == 0;
  if (has_crc) h.header_size += 2 * static_cast<std::size_t>(h.blocks);
  if (h.frame_size <= h.header_size) return std::nullopt;
  return h;
}

std::optional<std::array<std::uint8_t, adts_header_size>> make_adts(bytes_view config, std::size_t size) noexcept {
  constexpr std::size_t largest_frame = 0x1fff;
  const auto c = parse_audio_specific_config(config);
  const auto whole = size + adts_header_size;
  if (!c || c->object_type < 1 || c->object_type > 4 || whole > largest_frame) return std::nullopt;
  const auto rate = index_of(sample_rates, c->sample_rate);
  const auto channels = index_of(channel_counts, c->channels);
  if (rate == sample_rates.size() || channels > 7) return std::nullopt;
  const auto type = static_cast<std::size_t>(c->object_type - 1);
  const auto octet = [](std::size_t v) { return static_cast<std::uint8_t>(v); };
  return std::array<std::uint8_t, adts_header_size>{0xff,
                                                    0xf1,
                                                    octet(type << 6 | rate << 2 | channels >> 2),
                                                    octet((channels & 3) << 6 | whole >> 11),
                                                    octet(whole >> 3),
                                                    octet((whole & 7) << 5 | 0x1f),
                                                    0xfc};
}

// GASpecificConfig, three flags, is 0: frames of 1024 samples, no core coder, no extension.
std::vector<std::uint8_t> make_audio_specific_config(const adts_header& h) {
  const auto channels = index_of(channel_counts, h.channels);
  if (h.object_type < 1 || h.object_type > 4 || h.channels < 1 || channels == channel_counts.size()) return {};
  if (h.sample_rate < 1 || h.sample_rate > 0xffffff) return {};
  const auto rate = index_of(sample_rates, h.sample_rate);
  const auto type_bits = static_cast<std::uint32_t>(h.object_type), rest = static_cast<std::uint32_t>(channels << 3);
  if (rate < sample_rates.size()) {
    const auto bits = (type_bits << 11) | static_cast<std::uint32_t>(rate << 7) | rest;
    return {static_cast<std::uint8_t>(bits >> 8), static_cast<std::uint8_t>(bits)};
  }
  const auto spelled = (static_cast<std::uint32_t>(h.sample_rate) << 7) | rest;
  const auto first = (type_bits << 3) | (explicit_rate >> 1);
  const auto second = ((explicit_rate & 1) << 7) | (spelled >> 24);
  return {static_cast<std::uint8_t>(first), static_cast<std::uint8_t>(second), static_cast<std::uint8_t>(spelled >> 16),
          static_cast<std::uint8_t>(spelled >> 8), static_cast<std::uint8_t>(spelled)};
}

namespace {

std::uint32_t read_object_type(bit_reader& r) noexcept {
  const auto type = r.bits(5);
  return type == escaped_type ? 32 + r.bits(6) : type;
}

std::uint32_t read_rate(bit_reader& r) noexcept {
  const auto index = r.bits(4);
  if (index == explicit_rate) return r.bits(24);
  return index < sample_rates.size() ? static_cast<std::uint32_t>(sample_rates[index]) : 0;
}

}  // namespace

std::optional<audio_config> parse_audio_specific_config(bytes_view bytes) noexcept {
  constexpr std::uint32_t sbr = 5, parametric_stereo = 29;
  bit_reader r{bytes, bit_reader::escapes::kept};
  auto type = read_object_type(r);
  const auto rate = read_rate(r);
  const auto channels = channel_counts[r.bits(4)];
  if (type == sbr || type == parametric_stereo) {
    read_rate(r);
    type = read_object_type(r);
  }
  if (r.failed() || type == 0 || rate == 0 || channels == 0) return std::nullopt;
  // Object types 1 to 4 are those of ADTS; of the others it is not asked.
  const bool is_short = type <= 4 && r.bit();
  if (r.failed()) return std::nullopt;
  return audio_config{static_cast<int>(type), static_cast<int>(rate), channels, is_short ? 960 : samples_per_frame};
}

}  // namespace berth::net::aac
