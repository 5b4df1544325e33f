// The demuxer and the decoders behind demuxed_media.hpp.
#include "tests/support/demuxed_media.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

namespace berth::tests {
namespace {

struct deleter {
  void operator()(AVCodecContext* c) const { avcodec_free_context(&c); }
  void operator()(AVFrame* f) const { av_frame_free(&f); }
  void operator()(AVPacket* p) const { av_packet_free(&p); }
  void operator()(AVFormatContext* c) const { avformat_close_input(&c); }
  void operator()(AVIOContext* c) const {
    av_freep(&c->buffer);
    avio_context_free(&c);
  }
};
template <class T>
using owned = std::unique_ptr<T, deleter>;

struct source {
  net::bytes_view bytes;
  std::int64_t at = 0;
};

int on_read(void* opaque, std::uint8_t* to, int size) {
  auto& s = *static_cast<source*>(opaque);
  const auto rest = static_cast<std::int64_t>(s.bytes.size()) - s.at;
  if (rest <= 0) return AVERROR_EOF;
  const auto n = std::min<std::int64_t>(rest, size);
  std::memcpy(to, s.bytes.data() + s.at, static_cast<std::size_t>(n));
  s.at += n;
  return static_cast<int>(n);
}

std::int64_t on_seek(void* opaque, std::int64_t offset, int whence) {
  auto& s = *static_cast<source*>(opaque);
  const auto size = static_cast<std::int64_t>(s.bytes.size());
  if (whence == AVSEEK_SIZE) return size;
  const auto to = offset + (whence == SEEK_CUR ? s.at : whence == SEEK_END ? size : 0);
  if (to < 0 || to > size) return -1;
  return s.at = to;
}

owned<AVCodecContext> open_decoder(const AVCodecParameters& p) {
  const auto* const kind = avcodec_find_decoder(p.codec_id);
  if (kind == nullptr) return nullptr;
  owned<AVCodecContext> c{avcodec_alloc_context3(kind)};
  avcodec_parameters_to_context(c.get(), &p);
  c->thread_count = 1;
  c->err_recognition = AV_EF_EXPLODE;
  return avcodec_open2(c.get(), kind, nullptr) == 0 ? std::move(c) : nullptr;
}

void decode(AVCodecContext* c, const AVPacket* p, demuxed_stream& into) {
  if (c == nullptr || avcodec_send_packet(c, p) < 0) {
    ++into.errors;
    return;
  }
  const owned<AVFrame> f{av_frame_alloc()};
  while (avcodec_receive_frame(c, f.get()) == 0) {
    ++into.decoded;
    if (f->decode_error_flags != 0 || (f->flags & AV_FRAME_FLAG_CORRUPT) != 0) ++into.errors;
  }
}

}  // namespace

const demuxed_stream* demuxed::find(const std::string& codec) const {
  for (const auto& s : streams)
    if (s.codec == codec) return &s;
  return nullptr;
}

std::vector<demuxed_packet> demuxed::packets_of(const std::string& codec) const {
  std::vector<demuxed_packet> out;
  for (const auto& p : packets)
    if (streams[p.stream].codec == codec) out.push_back(p);
  return out;
}

demuxed demux(net::bytes_view bytes, const char* format) {
  constexpr int buffer_size = 4096;
  av_log_set_level(AV_LOG_QUIET);
  demuxed out;
  source from{bytes};
  const owned<AVIOContext> io{avio_alloc_context(static_cast<std::uint8_t*>(av_malloc(buffer_size)), buffer_size, 0,
                                                 &from, on_read, nullptr, on_seek)};
  auto* raw = avformat_alloc_context();
  raw->pb = io.get();
  int error = avformat_open_input(&raw, nullptr, av_find_input_format(format), nullptr);
  if (error < 0) {
    out.error = "open";
    return out;
  }
  const owned<AVFormatContext> c{raw};
  error = avformat_find_stream_info(c.get(), nullptr);
  if (error < 0) out.error = "stream info";
  if (c->duration != AV_NOPTS_VALUE) out.duration = static_cast<double>(c->duration) / AV_TIME_BASE;

  std::vector<owned<AVCodecContext>> decoders;
  const auto note = [&] {  // streams may come while packets are read
    for (auto i = out.streams.size(); i < c->nb_streams; ++i) {
      const auto& p = *c->streams[i]->codecpar;
      out.streams.push_back({avcodec_get_name(p.codec_id), p.width, p.height, p.sample_rate});
      decoders.push_back(open_decoder(p));
    }
  };
  note();
  const owned<AVPacket> p{av_packet_alloc()};
  while (av_read_frame(c.get(), p.get()) == 0) {
    note();
    const auto i = static_cast<std::size_t>(p->stream_index);
    av_packet_rescale_ts(p.get(), c->streams[i]->time_base, {1, net::frame_clock});
    out.packets.push_back({i, p->dts, p->pts, (p->flags & AV_PKT_FLAG_KEY) != 0, p->size});
    ++out.streams[i].packets;
    decode(decoders[i].get(), p.get(), out.streams[i]);
    av_packet_unref(p.get());
  }
  for (std::size_t i = 0; i < decoders.size(); ++i) decode(decoders[i].get(), nullptr, out.streams[i]);
  return out;
}

std::string compare(const demuxed& d, const std::string& codec, const std::vector<net::frame_ptr>& frames,
                    std::int64_t shift) {
  if (!d.error.empty()) return d.error;
  const auto packets = d.packets_of(codec);
  if (packets.size() != frames.size())
    return codec + ": " + std::to_string(packets.size()) + " packets of " + std::to_string(frames.size());
  for (std::size_t i = 0; i < packets.size(); ++i) {
    const auto dts = frames[i]->dts + shift, pts = frames[i]->pts + shift;
    const auto where = codec + " " + std::to_string(i) + ": ";
    if (std::llabs(packets[i].dts - dts) > 90)
      return where + "dts " + std::to_string(packets[i].dts) + ", not " + std::to_string(dts);
    if (std::llabs(packets[i].pts - pts) > 90)
      return where + "pts " + std::to_string(packets[i].pts) + ", not " + std::to_string(pts);
    if (net::is_video(frames[i]->of->format) && packets[i].key != frames[i]->key) return where + "key";
  }
  return {};
}

decoded_picture decode_jpeg(net::bytes_view bytes) {
  decoded_picture out;
  const owned<AVCodecContext> c{avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_MJPEG))};
  const owned<AVPacket> p{av_packet_alloc()};
  const owned<AVFrame> f{av_frame_alloc()};
  if (avcodec_open2(c.get(), nullptr, nullptr) < 0 || av_new_packet(p.get(), static_cast<int>(bytes.size())) < 0)
    return out;
  if (!bytes.empty()) std::memcpy(p->data, bytes.data(), bytes.size());
  if (avcodec_send_packet(c.get(), p.get()) < 0 || avcodec_receive_frame(c.get(), f.get()) < 0) return out;
  out.width = f->width;
  out.height = f->height;
  for (int y = 0; y < f->height; ++y)
    out.luma.insert(out.luma.end(), f->data[0] + y * f->linesize[0], f->data[0] + y * f->linesize[0] + f->width);
  return out;
}

}  // namespace berth::tests
