#include "net/egress/snapshot.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

#include "net/codec/ffmpeg_codecs.hpp"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libswscale/swscale.h>
}

namespace berth::net {
namespace {

struct deleter {
  void operator()(AVCodecContext* c) const { avcodec_free_context(&c); }
  void operator()(AVFrame* f) const { av_frame_free(&f); }
  void operator()(AVPacket* p) const { av_packet_free(&p); }
  void operator()(SwsContext* s) const { sws_freeContext(s); }
};
using coder = std::unique_ptr<AVCodecContext, deleter>;
using picture = std::unique_ptr<AVFrame, deleter>;
using av_packet = std::unique_ptr<AVPacket, deleter>;
using scaler = std::unique_ptr<SwsContext, deleter>;
using failed = failure<std::string>;

failed because(const char* what, int error) { return {std::string{what} + ": " + ffmpeg_error(error)}; }

bool is_too_large(int width, int height) { return width > largest_picture || height > largest_picture; }

result<coder, std::string> open_decoder(const track& t) {
  const auto* const kind = avcodec_find_decoder(static_cast<AVCodecID>(ffmpeg_codec(t.format)));
  if (kind == nullptr) return failed{"no decoder for " + std::string{to_string(t.format)}};
  coder c{avcodec_alloc_context3(kind)};
  const auto size = t.configuration.size();
  if (c) c->extradata = static_cast<std::uint8_t*>(av_mallocz(size + AV_INPUT_BUFFER_PADDING_SIZE));
  if (!c || c->extradata == nullptr) return failed{"out of memory"};
  std::memcpy(c->extradata, t.configuration.data(), size);
  c->extradata_size = static_cast<int>(size);
  c->thread_count = 1;
  // What the parameter sets say before anything is allocated for it. The track may say something else.
  c->max_pixels = std::int64_t{largest_picture} * largest_picture;
  if (const int error = avcodec_open2(c.get(), kind, nullptr); error < 0) return because("decoder", error);
  return c;
}

result<picture, std::string> decode(const frame& f) {
  auto decoder = open_decoder(*f.of);
  if (!decoder) return failed{decoder.error()};
  const av_packet p{av_packet_alloc()};
  picture out{av_frame_alloc()};
  if (!p || !out || av_new_packet(p.get(), static_cast<int>(f.data.size())) < 0) return failed{"out of memory"};
  std::memcpy(p->data, f.data.data(), f.data.size());
  p->flags |= AV_PKT_FLAG_KEY;
  auto* const c = decoder->get();
  int error = avcodec_send_packet(c, p.get());
  if (error >= 0) error = avcodec_send_packet(c, nullptr);
  if (error >= 0) error = avcodec_receive_frame(c, out.get());
  if (error < 0) return because("the picture can not be decoded", error);
  return out;
}

result<picture, std::string> convert(const AVFrame& from, int max_width) {
  picture to{av_frame_alloc()};
  if (!to) return failed{"out of memory"};
  const bool shrink = max_width > 0 && from.width > max_width;
  to->width = shrink ? max_width : from.width;
  to->height = shrink ? std::max(1, static_cast<int>(std::int64_t{from.height} * max_width / from.width)) : from.height;
  to->format = AV_PIX_FMT_YUVJ420P;
  if (const int error = av_frame_get_buffer(to.get(), 0); error < 0) return because("picture", error);
  const scaler s{sws_getContext(from.width, from.height, static_cast<AVPixelFormat>(from.format), to->width, to->height,
                                AV_PIX_FMT_YUVJ420P, SWS_BICUBIC, nullptr, nullptr, nullptr)};
  if (!s) return failed{"no conversion from this kind of pixels"};
  sws_scale(s.get(), from.data, from.linesize, 0, from.height, to->data, to->linesize);
  return to;
}

result<std::vector<std::uint8_t>, std::string> encode(AVFrame& f, int quality) {
  const auto* const kind = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
  if (kind == nullptr) return failed{"no encoder for JPEG"};
  constexpr int best = 2, worst = 31;  // the encoder's quantizers
  const int quantizer = worst - (std::clamp(quality, 1, 100) - 1) * (worst - best) / 99;
  const coder c{avcodec_alloc_context3(kind)};
  const av_packet p{av_packet_alloc()};
  if (!c || !p) return failed{"out of memory"};
  c->width = f.width;
  c->height = f.height;
  c->pix_fmt = AV_PIX_FMT_YUVJ420P;
  c->color_range = AVCOL_RANGE_JPEG;
  c->time_base = {1, 25};
  c->thread_count = 1;
  c->flags |= AV_CODEC_FLAG_QSCALE;
  c->global_quality = quantizer * FF_QP2LAMBDA;
  f.quality = c->global_quality;
  f.pts = 0;
  int error = avcodec_open2(c.get(), kind, nullptr);
  if (error >= 0) error = avcodec_send_frame(c.get(), &f);
  if (error >= 0) error = avcodec_receive_packet(c.get(), p.get());
  if (error < 0) return because("JPEG", error);
  return std::vector<std::uint8_t>(p->data, p->data + p->size);
}

}  // namespace

result<std::vector<std::uint8_t>, std::string> make_snapshot(const frame& key_frame, const snapshot_options& options) {
  silence_ffmpeg();
  const auto& t = key_frame.of;
  if (!t || (t->format != codec::h264 && t->format != codec::h265)) return failed{"not a frame of H.264 or H.265"};
  if (!key_frame.key || key_frame.data.empty()) return failed{"not a key frame"};
  if (is_too_large(t->width, t->height)) return failed{"the picture is too large"};
  const auto decoded = decode(key_frame);
  if (!decoded) return failed{decoded.error()};
  const auto& full = **decoded;
  if (full.width <= 0 || full.height <= 0 || is_too_large(full.width, full.height))
    return failed{"the picture is too large"};
  const auto small = convert(full, options.max_width);
  if (!small) return failed{small.error()};
  return encode(**small, options.quality);
}

}  // namespace berth::net
