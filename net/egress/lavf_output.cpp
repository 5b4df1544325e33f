#include "net/egress/lavf_output.hpp"

#include <algorithm>
#include <cstring>

#include "net/codec/ffmpeg_codecs.hpp"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/channel_layout.h>
#include <libavutil/dict.h>
#include <libavutil/opt.h>
}

namespace berth::net {
namespace {

constexpr int buffer_size = 32 * 1024;

#if LIBAVFORMAT_VERSION_INT >= AV_VERSION_INT(61, 0, 0)
using written = const std::uint8_t*;
#else
using written = std::uint8_t*;
#endif

int on_write(void* to, written bytes, int size) {
  const auto error = static_cast<lavf_output::target*>(to)->write({bytes, static_cast<std::size_t>(size)});
  return error < 0 ? error : size;
}

std::int64_t on_seek(void* to, std::int64_t offset, int whence) {
  if ((whence & AVSEEK_SIZE) != 0) return AVERROR(ENOSYS);
  return static_cast<lavf_output::target*>(to)->seek(offset, whence & ~AVSEEK_FORCE);
}

void describe_video(AVCodecParameters& p, const track& t) {
  p.codec_type = AVMEDIA_TYPE_VIDEO;
  p.width = t.width;
  p.height = t.height;
}

void describe_audio(AVCodecParameters& p, const track& t) {
  p.codec_type = AVMEDIA_TYPE_AUDIO;
  const auto facts = facts_of(t.format);
  p.sample_rate = facts.sample_rate > 0 ? facts.sample_rate : t.sample_rate > 0 ? t.sample_rate : 8000;
  const int channels = t.channels > 0 ? t.channels : 1;
  av_channel_layout_default(&p.ch_layout, channels);
  if (t.format == codec::aac) p.frame_size = 1024;
  if (t.format == codec::opus) p.frame_size = 960;
  if (facts.octet_rate != 0) {
    p.bits_per_coded_sample = 8 * facts.octet_rate / p.sample_rate;
    p.block_align = channels;
    p.bit_rate = std::int64_t{8} * channels * facts.octet_rate;
  }
}

}  // namespace

lavf_output::lavf_output(target& to) : to_(to) { silence_ffmpeg(); }

lavf_output::~lavf_output() {
  if (context_ != nullptr) {
    if (context_->pb != nullptr) {
      av_freep(&context_->pb->buffer);
      avio_context_free(&context_->pb);
    }
    avformat_free_context(context_);
  }
  av_packet_free(&packet_);
}

result<std::unique_ptr<lavf_output>, std::string> lavf_output::open(const settings& s, target& to) {
  std::unique_ptr<lavf_output> out{new lavf_output{to}};
  if (const int error = out->start(s); error < 0) return failure{ffmpeg_error(error)};
  return out;
}

int lavf_output::start(const settings& s) {
  contiguous_ = s.contiguous;
  packet_ = av_packet_alloc();
  if (packet_ == nullptr) return AVERROR(ENOMEM);
  if (const int error = avformat_alloc_output_context2(&context_, nullptr, s.format, nullptr); error < 0) return error;
  auto* const buffer = static_cast<std::uint8_t*>(av_malloc(buffer_size));
  if (buffer == nullptr) return AVERROR(ENOMEM);
  context_->pb =
      avio_alloc_context(buffer, buffer_size, 1, &to_, nullptr, on_write, to_.seekable() ? on_seek : nullptr);
  if (context_->pb == nullptr) {
    av_free(buffer);
    return AVERROR(ENOMEM);
  }
  context_->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_BITEXACT;
  context_->flush_packets = 1;
  context_->avoid_negative_ts = AVFMT_AVOID_NEG_TS_DISABLED;
  context_->max_delay = 0;
  context_->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;
  for (const auto& t : {s.video, s.audio})
    if (t)
      if (const int error = add_stream(*t, s); error < 0) return error;

  AVDictionary* options = nullptr;
  for (const auto& [name, value] : s.options) av_dict_set(&options, name, value.c_str(), 0);
  const int error = avformat_write_header(context_, &options);
  av_dict_free(&options);
  if (error < 0) return error;
  started_ = true;
  avio_flush(context_->pb);
  return context_->pb->error;
}

int lavf_output::add_stream(const track& t, const settings& s) {
  auto* const stream = avformat_new_stream(context_, nullptr);
  if (stream == nullptr) return AVERROR(ENOMEM);
  auto& p = *stream->codecpar;
  const bool video = is_video(t.format);
  p.codec_id = static_cast<AVCodecID>(ffmpeg_codec(t.format));
  stream->time_base = {1, frame_clock};
  if (video) {
    describe_video(p, t);
    if (t.frame_rate > 0) stream->avg_frame_rate = av_d2q(t.frame_rate, 100000);
    // The parameter sets are in the header alone: 'hev1' would say that they may be elsewhere, and Safari refuses it.
    if (t.format == codec::h265 && s.parameter_sets) p.codec_tag = MKTAG('h', 'v', 'c', '1');
  } else {
    describe_audio(p, t);
  }
  if (!t.configuration.empty() && (s.parameter_sets || !video)) {
    const auto size = t.configuration.size();
    p.extradata = static_cast<std::uint8_t*>(av_mallocz(size + AV_INPUT_BUFFER_PADDING_SIZE));
    if (p.extradata == nullptr) return AVERROR(ENOMEM);
    std::memcpy(p.extradata, t.configuration.data(), size);
    p.extradata_size = static_cast<int>(size);
  }
  lines_[video ? 0 : 1].stream = stream->index;
  return 0;
}

int lavf_output::write(const frame& f, bytes_view data, std::int64_t origin) {
  const bool video = is_video(f.of->format);
  auto& l = lines_[video ? 0 : 1];
  if (l.stream < 0 || data.empty()) return AVERROR(EINVAL);
  const auto* const stream = context_->streams[l.stream];
  packet_->data = const_cast<std::uint8_t*>(data.data());  // the library copies it, since there is no buffer behind it
  packet_->size = static_cast<int>(data.size());
  packet_->stream_index = l.stream;
  packet_->flags = !video || f.key ? AV_PKT_FLAG_KEY : 0;
  packet_->dts = f.dts - origin;
  packet_->pts = f.pts - origin;
  packet_->duration = l.pace.duration_of(f);
  av_packet_rescale_ts(packet_, {1, frame_clock}, stream->time_base);
  packet_->dts = std::max(packet_->dts, l.next_dts);
  packet_->pts = std::max(packet_->pts, packet_->dts);
  packet_->duration = std::max<std::int64_t>(packet_->duration, 1);
  l.next_dts = packet_->dts + 1;
  last_dts_ = packet_->dts;
  if (contiguous_) {
    packet_->pts += l.contiguous_dts - packet_->dts;
    packet_->dts = l.contiguous_dts;
    l.contiguous_dts += packet_->duration;
  }
  const int error = av_write_frame(context_, packet_);
  av_packet_unref(packet_);
  if (error < 0) return error;
  return context_->pb->error;
}

int lavf_output::flush_fragment() {
  const int error = av_write_frame(context_, nullptr);
  if (error < 0) return error;
  avio_flush(context_->pb);
  return context_->pb->error;
}

int lavf_output::finish() {
  if (!started_) return AVERROR(EINVAL);
  started_ = false;
  const int error = av_write_trailer(context_);
  avio_flush(context_->pb);
  return error < 0 ? error : context_->pb->error;
}

void lavf_output::set_option(const char* name, const char* value) {
  if (started_) av_opt_set(context_->priv_data, name, value, 0);
}

}  // namespace berth::net
