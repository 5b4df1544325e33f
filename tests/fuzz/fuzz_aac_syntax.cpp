// Hostile AAC headers: what is read has bounds, and what is written of it is read again the same.
#include <cstddef>
#include <cstdint>

#include "net/codec/aac_syntax.hpp"
#include "net/codec/codec_guess.hpp"
#include "tests/fuzz/require.hpp"

using namespace berth::net;

namespace {

void check_same(const aac::adts_header& h) {
  const auto config = aac::make_audio_specific_config(h);
  require(config.size() == 2 || config.size() == 5);
  const auto c = aac::parse_audio_specific_config(config);
  require(c && c->object_type == h.object_type && c->sample_rate == h.sample_rate && c->channels == h.channels);
  require(c->samples == aac::samples_per_frame);
}

}  // namespace

// The input is a unit of audio, and also an AudioSpecificConfig.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const bytes_view input(data, size);
  const auto h = aac::parse_adts(input);
  if (h) {
    require(size >= aac::adts_header_size);
    require(h->object_type >= 1 && h->object_type <= 4 && h->channels >= 1 && h->channels <= 8);
    require(h->sample_rate >= 7350 && h->sample_rate <= 96000);
    require(h->blocks >= 1 && h->blocks <= 4);
    require(h->frame_size > h->header_size && h->frame_size < (1 << 13));
    require(h->header_size >= aac::adts_header_size && h->header_size <= aac::adts_header_size + 8);
    require(h->same_stream(*h));
    check_same(*h);
  }
  const auto guess = guess_audio(input);
  require(guess == codec::aac || guess == codec::pcma);
  if (guess == codec::aac) require(h && h->frame_size <= size);

  if (const auto c = aac::parse_audio_specific_config(input)) {
    require(c->object_type >= 1 && c->object_type < 32 + 64);
    require(c->sample_rate >= 1 && c->sample_rate <= 0xffffff);
    require(c->channels >= 1 && c->channels <= 24);
    require(c->samples == 1024 || c->samples == 960);
    if (c->object_type <= 4) {
      aac::adts_header again;
      again.object_type = c->object_type;
      again.sample_rate = c->sample_rate;
      again.channels = c->channels;
      check_same(again);
    }
  }
  return 0;
}
