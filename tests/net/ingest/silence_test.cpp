#include "net/ingest/silence.hpp"

#include <algorithm>
#include <memory>

extern "C" {
#include <libavcodec/avcodec.h>
}

#include "tests/support/catch.hpp"

using namespace berth::net;

namespace {

class collecting_sink final : public frame_sink {
 public:
  void on_frame(frame_ptr f) override { frames.push_back(std::move(f)); }
  std::vector<frame_ptr> frames;
};

frame silent_picture(std::int64_t dts) {
  frame f;
  f.of = std::make_shared<const track>(track{.format = codec::h264});
  f.dts = f.pts = dts;
  return f;
}

/// Samples that an independent decoder makes of the frames; the loudest one too. -1 = it complained.
struct heard {
  int samples = 0;
  float loudest = 0;
  int rate = 0, channels = 0;
};
heard decode(const std::vector<frame_ptr>& frames) {
  const std::unique_ptr<AVCodecContext, void (*)(AVCodecContext*)> context{
      avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_AAC)),
      [](AVCodecContext* c) { avcodec_free_context(&c); }};
  const auto& configuration = frames.front()->of->configuration;
  context->extradata = static_cast<std::uint8_t*>(av_mallocz(configuration.size() + AV_INPUT_BUFFER_PADDING_SIZE));
  std::copy(configuration.begin(), configuration.end(), context->extradata);
  context->extradata_size = static_cast<int>(configuration.size());
  REQUIRE(avcodec_open2(context.get(), nullptr, nullptr) == 0);
  const std::unique_ptr<AVFrame, void (*)(AVFrame*)> out{av_frame_alloc(), [](AVFrame* f) { av_frame_free(&f); }};
  heard h;
  for (const auto& f : frames) {
    AVPacket* packet = av_packet_alloc();
    REQUIRE(av_new_packet(packet, static_cast<int>(f->data.size())) == 0);
    std::copy(f->data.begin(), f->data.end(), packet->data);
    const int refused = avcodec_send_packet(context.get(), packet);
    av_packet_free(&packet);
    REQUIRE(refused == 0);
    while (avcodec_receive_frame(context.get(), out.get()) == 0) {
      h.samples += out->nb_samples;
      const auto* samples = reinterpret_cast<const float*>(out->data[0]);
      for (int i = 0; i < out->nb_samples; ++i) h.loudest = std::max(h.loudest, std::abs(samples[i]));
    }
  }
  h.rate = context->sample_rate;
  h.channels = context->ch_layout.nb_channels;
  return h;
}

}  // namespace

TEST_CASE("silence: a decoder hears nothing, for as long as there are pictures") {
  silence s;
  collecting_sink out;
  for (int i = 0; i < 250; ++i) s.follow(silent_picture(1000 + i * 3600), out);
  REQUIRE(out.frames.size() == 78);  // of 128 ms each, up to the last silent_picture at 9.96 s
  for (std::size_t i = 0; i < out.frames.size(); ++i)
    CHECK(out.frames[i]->dts == 1000 + static_cast<std::int64_t>(i) * silence::frame_length);
  const auto h = decode(out.frames);
  CHECK(h.samples >= 77 * 1024);
  CHECK(h.loudest == 0);
  CHECK(h.rate == 8000);
  CHECK(h.channels == 1);
}

TEST_CASE("silence: a line that jumps is joined where it goes on, and not filled") {
  silence s;
  collecting_sink out;
  s.follow(silent_picture(0), out);
  s.follow(silent_picture(100 * frame_clock), out);
  REQUIRE(out.frames.size() == 2);
  CHECK(out.frames[1]->dts == 100 * frame_clock);
}
