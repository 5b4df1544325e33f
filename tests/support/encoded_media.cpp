// The encoders behind encoded_media.hpp: libx264, libx265 and aac by way of libavcodec.
#include "tests/support/encoded_media.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>
#include <stdexcept>
#include <string>

#include "net/base/bytes.hpp"
#include "net/codec/h264_syntax.hpp"
#include "net/codec/h265_syntax.hpp"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/channel_layout.h>
#include <libavutil/opt.h>
}

// libx265 frees not all of what it takes.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libx265"; }

namespace berth::tests {
namespace {

using namespace net;

constexpr int quieter = AV_LOG_INFO - AV_LOG_ERROR;  // only errors are told

struct deleter {
  void operator()(AVCodecContext* c) const { avcodec_free_context(&c); }
  void operator()(AVFrame* f) const { av_frame_free(&f); }
  void operator()(AVPacket* p) const { av_packet_free(&p); }
};
using context = std::unique_ptr<AVCodecContext, deleter>;
using picture = std::unique_ptr<AVFrame, deleter>;
using packet = std::unique_ptr<AVPacket, deleter>;

void need(bool good, const char* what) {
  if (!good) throw std::runtime_error{std::string{"encoded media: "} + what};
}

const AVCodec& encoder_named(const char* name) {
  const auto* const found = avcodec_find_encoder_by_name(name);
  if (found == nullptr)
    throw std::runtime_error{
        "encoded media: this libavcodec has no encoder '" + std::string{name} +
        "': the distribution's package libavcodec-dev brings one that has, .ci/packages installs it"};
  return *found;
}

/// NAL units behind start codes of 3 or 4 bytes.
nal_list split_start_codes(bytes_view b) {
  std::vector<std::size_t> begins;
  for (std::size_t i = 0; i + 3 <= b.size(); ++i)
    if (b[i] == 0 && b[i + 1] == 0 && b[i + 2] == 1) begins.push_back(i + 3);
  nal_list out;
  for (std::size_t i = 0; i < begins.size(); ++i) {
    auto end = i + 1 < begins.size() ? begins[i + 1] - 3 : b.size();
    while (end > begins[i] && b[end - 1] == 0) --end;
    out.emplace_back(b.begin() + static_cast<std::ptrdiff_t>(begins[i]), b.begin() + static_cast<std::ptrdiff_t>(end));
  }
  return out;
}

/// Takes all packets that are there.
template <class Take>
void drain(AVCodecContext& c, AVPacket& p, Take take) {
  while (avcodec_receive_packet(&c, &p) == 0) {
    take(p);
    av_packet_unref(&p);
  }
}

void paint(AVFrame& f, int number) {
  need(av_frame_make_writable(&f) == 0, "writable");
  for (int y = 0; y < f.height; ++y)
    for (int x = 0; x < f.width; ++x) f.data[0][y * f.linesize[0] + x] = static_cast<std::uint8_t>(x + y + number * 3);
  for (int plane = 1; plane < 3; ++plane)
    for (int y = 0; y < f.height / 2; ++y)
      for (int x = 0; x < f.width / 2; ++x)
        f.data[plane][y * f.linesize[plane] + x] = static_cast<std::uint8_t>(plane == 1 ? 128 + y + number : 64 + x);
}

bool is_set(codec format, const std::vector<std::uint8_t>& nal) {
  if (format == codec::h264) {
    const auto type = h264::type_of(nal);
    return type == h264::sps || type == h264::pps || type == h264::access_unit_delimiter;
  }
  const auto type = h265::type_of(nal);
  return type >= h265::vps && type <= h265::access_unit_delimiter;
}

void put_sets(track& t, const nal_list& nals) {
  for (const auto& n : nals) {
    if (t.format == codec::h264) {
      if (h264::type_of(n) == h264::sps) t.sps.push_back(n);
      if (h264::type_of(n) == h264::pps) t.pps.push_back(n);
    } else {
      if (h265::type_of(n) == h265::vps) t.vps.push_back(n);
      if (h265::type_of(n) == h265::sps) t.sps.push_back(n);
      if (h265::type_of(n) == h265::pps) t.pps.push_back(n);
    }
  }
}

std::vector<frame_ptr> encode_video(const char* encoder, codec format, const video_wish& w) {
  const auto& coder = encoder_named(encoder);
  const context c{avcodec_alloc_context3(&coder)};
  need(c != nullptr, "context");
  c->width = w.width;
  c->height = w.height;
  c->pix_fmt = AV_PIX_FMT_YUV420P;
  c->time_base = {1, w.fps};
  c->framerate = {w.fps, 1};
  c->gop_size = w.gop;
  c->max_b_frames = w.bframes;
  c->thread_count = 1;
  c->log_level_offset = quieter;
  c->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  av_opt_set(c->priv_data, "preset", "ultrafast", 0);
  const auto b = std::to_string(w.bframes), gop = std::to_string(w.gop);
  if (format == codec::h264)
    av_opt_set(c->priv_data, "x264-params", ("scenecut=0:b-adapt=0:bframes=" + b + ":keyint=" + gop).c_str(), 0);
  else
    av_opt_set(c->priv_data, "x265-params",
               ("log-level=none:pools=none:frame-threads=1:open-gop=0:scenecut=0:b-adapt=0:bframes=" + b +
                ":keyint=" + gop + ":min-keyint=" + gop)
                   .c_str(),
               0);
  need(avcodec_open2(c.get(), &coder, nullptr) == 0, encoder);

  const auto about = std::make_shared<track>();
  about->format = format;
  about->kind = media_kind::video;
  put_sets(*about, split_start_codes({c->extradata, static_cast<std::size_t>(c->extradata_size)}));
  need(!about->sps.empty(), "parameter sets");
  const auto p = format == codec::h264 ? h264::parse_sps(about->sps[0]) : h265::parse_sps(about->sps[0]);
  need(p.has_value(), "sps");
  about->width = p->width;
  about->height = p->height;
  about->frame_rate = p->frame_rate;
  about->profile = p->profile;
  about->level = p->level;
  about->reorder = p->reorder;
  about->configuration = format == codec::h264 ? h264::make_avcc(about->sps, about->pps)
                                               : h265::make_hvcc(about->vps, about->sps, about->pps);

  std::vector<frame_ptr> out;
  const auto ticks = frame_clock / w.fps;
  std::int64_t shift = 0;
  const auto take = [&](const AVPacket& from) {
    if (out.empty()) shift = w.first_dts - from.dts * ticks;
    auto f = std::make_shared<frame>();
    f->of = about;
    f->dts = from.dts * ticks + shift;
    f->pts = from.pts * ticks + shift;
    f->key = (from.flags & AV_PKT_FLAG_KEY) != 0;
    for (const auto& n : split_start_codes({from.data, static_cast<std::size_t>(from.size)})) {
      if (is_set(format, n)) continue;
      const auto at = f->data.size();
      f->data.resize(at + 4 + n.size());
      store_be32(&f->data[at], static_cast<std::uint32_t>(n.size()));
      std::copy(n.begin(), n.end(), f->data.begin() + static_cast<std::ptrdiff_t>(at + 4));
    }
    out.push_back(std::move(f));
  };
  const picture f{av_frame_alloc()};
  const packet pkt{av_packet_alloc()};
  f->format = AV_PIX_FMT_YUV420P;
  f->width = w.width;
  f->height = w.height;
  need(av_frame_get_buffer(f.get(), 0) == 0, "picture");
  for (int i = 0; i < w.frames; ++i) {
    paint(*f, i);
    f->pts = i;
    need(avcodec_send_frame(c.get(), f.get()) == 0, "send");
    drain(*c, *pkt, take);
  }
  avcodec_send_frame(c.get(), nullptr);
  drain(*c, *pkt, take);
  need(static_cast<int>(out.size()) == w.frames, "fewer pictures came out of the encoder than went in");
  return out;
}

}  // namespace

std::vector<frame_ptr> encode_h264(const video_wish& wish) { return encode_video("libx264", codec::h264, wish); }
std::vector<frame_ptr> encode_h265(const video_wish& wish) { return encode_video("libx265", codec::h265, wish); }

std::vector<frame_ptr> encode_aac(int frames, int sample_rate, int channels, std::int64_t first_dts) {
  const auto& coder = encoder_named("aac");
  const context c{avcodec_alloc_context3(&coder)};
  c->sample_rate = sample_rate;
  c->sample_fmt = AV_SAMPLE_FMT_FLTP;
  c->bit_rate = 64000;
  c->log_level_offset = quieter;
  c->time_base = {1, sample_rate};
  c->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  av_channel_layout_default(&c->ch_layout, channels);
  need(avcodec_open2(c.get(), &coder, nullptr) == 0, "aac");

  const auto about = std::make_shared<track>();
  about->format = codec::aac;
  about->kind = media_kind::audio;
  about->sample_rate = sample_rate;
  about->channels = channels;
  about->configuration.assign(c->extradata, c->extradata + c->extradata_size);

  std::vector<frame_ptr> out;
  const auto take = [&](const AVPacket& from) {
    if (static_cast<int>(out.size()) == frames) return;
    auto f = std::make_shared<frame>();
    f->of = about;
    f->dts = f->pts = first_dts + static_cast<std::int64_t>(out.size()) * 1024 * frame_clock / sample_rate;
    f->data.assign(from.data, from.data + from.size);
    out.push_back(std::move(f));
  };
  const picture f{av_frame_alloc()};
  const packet pkt{av_packet_alloc()};
  f->format = AV_SAMPLE_FMT_FLTP;
  f->nb_samples = 1024;
  f->sample_rate = sample_rate;
  need(av_channel_layout_copy(&f->ch_layout, &c->ch_layout) == 0 && av_frame_get_buffer(f.get(), 0) == 0, "samples");
  for (int i = 0; i < frames; ++i) {
    need(av_frame_make_writable(f.get()) == 0, "writable");
    for (int s = 0; s < 1024; ++s)
      for (int channel = 0; channel < channels; ++channel)
        reinterpret_cast<float*>(f->data[channel])[s] =
            static_cast<float>(0.2 * std::sin(2 * std::numbers::pi * 440 * (i * 1024 + s) / sample_rate));
    f->pts = i * 1024;
    need(avcodec_send_frame(c.get(), f.get()) == 0, "send");
    drain(*c, *pkt, take);
  }
  avcodec_send_frame(c.get(), nullptr);
  drain(*c, *pkt, take);
  need(static_cast<int>(out.size()) == frames, "fewer frames came out of the encoder of AAC than went in");
  return out;
}

std::vector<frame_ptr> make_g711(codec format, int frames, int samples, std::int64_t first_dts) {
  const auto about = std::make_shared<track>();
  about->format = format;
  about->kind = media_kind::audio;
  about->sample_rate = 8000;
  about->channels = 1;
  std::vector<frame_ptr> out;
  for (int i = 0; i < frames; ++i) {
    auto f = std::make_shared<frame>();
    f->of = about;
    f->dts = f->pts = first_dts + std::int64_t{i} * samples * frame_clock / 8000;
    f->data.assign(static_cast<std::size_t>(samples), format == codec::pcma ? 0xd5 : 0xff);
    out.push_back(std::move(f));
  }
  return out;
}

std::vector<frame_ptr> interleave(const std::vector<frame_ptr>& a, const std::vector<frame_ptr>& b) {
  std::vector<frame_ptr> out(a.size() + b.size());
  std::merge(a.begin(), a.end(), b.begin(), b.end(), out.begin(),
             [](const frame_ptr& x, const frame_ptr& y) { return x->dts < y->dts; });
  return out;
}

encoded_pair encode_pair(net::codec format, const video_wish& wish, int audio_frames) {
  encoded_pair m;
  m.video = format == net::codec::h264 ? encode_h264(wish) : encode_h265(wish);
  m.audio = encode_aac(audio_frames, 44100, 2, wish.first_dts);
  m.all = interleave(m.video, m.audio);
  m.tracks = {m.video[0]->of, m.audio[0]->of};
  return m;
}

const char* ffmpeg_name(net::codec c) {
  return c == net::codec::h264 ? "h264" : c == net::codec::h265 ? "hevc" : "aac";
}

}  // namespace berth::tests
