#include "net/source/lavf_input.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "net/codec/ffmpeg_codecs.hpp"

extern "C" {
#include <libavformat/avformat.h>
#include <libavutil/dict.h>
#include <libavutil/opt.h>
}

namespace berth::net {
namespace {

constexpr std::size_t most_streams = 16;
constexpr std::uint64_t pes_stamp_mask = (std::uint64_t{1} << 33) - 1;
constexpr AVRational frame_base{1, 90000};

// What is opened may name nothing else: a playlist, say, would lead anywhere.
constexpr const char* file_formats = "mov,mp4,flv,mpegts";
constexpr const char* stream_formats = "rtsp,flv,live_flv,mpegts,mov,mp4";
constexpr const char* file_protocols = "file";
constexpr const char* stream_protocols = "tcp,udp,rtp,rtsp,rtsps,http,https,tls,rtmp,rtmps";

std::int64_t to_frame_clock(std::int64_t stamp, const AVStream& of) {
  return av_rescale_q(stamp, of.time_base, frame_base);
}

}  // namespace

lavf_input::lavf_input(const source_options& what, const std::atomic<bool>& stopped)
    : what_(what), stopped_(stopped), timeout_(what.timeout) {
  silence_ffmpeg();
}

lavf_input::~lavf_input() {
  av_packet_free(&packet_);
  // Saying goodbye to a server is worth no second time-out.
  deadline_ = std::min(deadline_, clock::now() + std::chrono::seconds{1});
  avformat_close_input(&context_);
}

int lavf_input::interrupted(void* self) {
  const auto* const input = static_cast<const lavf_input*>(self);
  return input->stopped_.load(std::memory_order_relaxed) || clock::now() > input->deadline_ ? 1 : 0;
}

result<std::unique_ptr<lavf_input>, std::string> lavf_input::open(const source_options& what, const url_policy& admit,
                                                                  const std::atomic<bool>& stopped) {
  std::unique_ptr<lavf_input> in{new lavf_input{what, stopped}};
  const int error = in->start(admit);
  if (error >= 0) return in;
  if (!in->complaint_.empty()) return failure{in->complaint_};
  if (clock::now() > in->deadline_) return failure{"no answer within " + std::to_string(to_ms(what.timeout)) + " ms"};
  return failure{ffmpeg_error(error)};
}

int lavf_input::start(const url_policy& admit) {
  deadline_ = clock::now() + timeout_;
  admitted_url at{what_.url};
  if (!what_.file) {
    auto admitted = admit(what_.url);
    if (!admitted) {
      complaint_ = admitted.error();
      return AVERROR(EACCES);
    }
    at = std::move(*admitted);
  }
  packet_ = av_packet_alloc();
  context_ = avformat_alloc_context();
  if (packet_ == nullptr || context_ == nullptr) return AVERROR(ENOMEM);
  context_->interrupt_callback = {&lavf_input::interrupted, this};
  context_->flags |= AVFMT_FLAG_NOBUFFER;
  context_->max_streams = most_streams;
  if (const int error = connect(at); error < 0) return error;
  if (const int error = look_where_it_led(at.url, admit); error < 0) return error;
  stamped_by_rtp_ = std::string_view{context_->iformat->name} == "rtsp";
  tracks_.resize(most_streams);
  return 0;
}

int lavf_input::connect(const admitted_url& at) {
  AVDictionary* options = nullptr;
  const auto set = [&](const char* name, const std::string& value) { av_dict_set(&options, name, value.c_str(), 0); };
  set("protocol_whitelist", what_.file ? file_protocols : stream_protocols);
  set("format_whitelist", what_.file ? file_formats : stream_formats);
  if (!what_.file) {
    constexpr const char* transports[] = {"tcp", "udp", "udp_multicast"};
    set("rtsp_transport", transports[static_cast<std::size_t>(what_.transport)]);
    set("user_agent", "Berth");
    if (!at.host.empty()) set("headers", "Host: " + at.host + "\r\n");
  }
  const int error = avformat_open_input(&context_, at.url.c_str(), nullptr, &options);
  av_dict_free(&options);
  return error;
}

// HTTP and RTSP follow a redirection by themselves; what it led to has to be allowed as well.
int lavf_input::look_where_it_led(const std::string& asked, const url_policy& admit) {
  if (what_.file) return 0;
  std::string led_to = context_->url;
  std::uint8_t* location = nullptr;
  if (context_->pb != nullptr && av_opt_get(context_->pb, "location", AV_OPT_SEARCH_CHILDREN, &location) >= 0 &&
      location != nullptr)
    led_to = reinterpret_cast<const char*>(location);
  av_free(location);
  if (led_to.empty() || led_to == asked) return 0;
  const auto admitted = admit(led_to);
  if (admitted) return 0;
  complaint_ = "it was redirected, and " + admitted.error();
  return AVERROR(EACCES);
}

std::optional<announced_tracks> lavf_input::announced() const {
  if ((context_->ctx_flags & AVFMTCTX_NOHEADER) != 0) return std::nullopt;
  announced_tracks t;
  for (unsigned i = 0; i < context_->nb_streams; ++i) {
    const auto format = codec_of_ffmpeg(context_->streams[i]->codecpar->codec_id);
    if (format != codec::other) (is_video(format) ? t.video : t.audio) = true;
  }
  return t;
}

bool lavf_input::has_served_tracks() const {
  const auto known = announced();
  return !known || known->video || known->audio;
}

// A track's configuration may come, or change, while the stream runs.
const lavf_input::input_track* lavf_input::track_of(const AVPacket& packet) {
  const auto index = static_cast<std::size_t>(packet.stream_index);
  if (index >= tracks_.size()) return nullptr;
  const auto& parameters = *context_->streams[index]->codecpar;
  auto& t = tracks_[index];
  t.stream.id = static_cast<std::uint32_t>(index);
  t.stream.format = codec_of_ffmpeg(parameters.codec_id);
  t.stream.stamp_bits = stamped_by_rtp_ ? 32 : 33;
  if (t.stream.format == codec::other) return nullptr;
  std::size_t changed_size = 0;
  const auto* const changed = av_packet_get_side_data(&packet, AV_PKT_DATA_NEW_EXTRADATA, &changed_size);
  if (changed != nullptr)
    t.configuration = std::make_shared<const std::vector<std::uint8_t>>(changed, changed + changed_size);
  else if (!t.configuration && parameters.extradata_size > 0)
    t.configuration = std::make_shared<const std::vector<std::uint8_t>>(
        parameters.extradata, parameters.extradata + parameters.extradata_size);
  return &t;
}

bool lavf_input::fill(container_unit& into, const AVPacket& p) {
  const auto* const t = track_of(p);
  if (t == nullptr || p.size <= 0) return false;
  const auto& stream = *context_->streams[p.stream_index];
  const auto pts = p.pts != AV_NOPTS_VALUE ? p.pts : p.dts;
  if (pts == AV_NOPTS_VALUE) return false;
  const auto presented = to_frame_clock(pts, stream);
  // RTP carries one stamp; what is said of the other is a guess that the time line makes better.
  const auto decoded = stamped_by_rtp_ || p.dts == AV_NOPTS_VALUE ? presented : to_frame_clock(p.dts, stream);
  const auto mask = stamped_by_rtp_ ? std::uint64_t{0xffffffff} : pes_stamp_mask;
  into.stream = t->stream;
  into.stamps = raw_stamps{static_cast<std::uint64_t>(presented) & mask, static_cast<std::uint64_t>(decoded) & mask};
  into.key = (p.flags & AV_PKT_FLAG_KEY) != 0;
  into.configuration = t->configuration;
  into.data.assign(p.data, p.data + p.size);
  const auto start = context_->start_time != AV_NOPTS_VALUE ? std::chrono::microseconds{context_->start_time}
                                                            : std::chrono::microseconds{0};
  position_ = std::chrono::microseconds{av_rescale_q(decoded, frame_base, AVRational{1, AV_TIME_BASE})} - start;
  return true;
}

lavf_input::outcome lavf_input::read(container_unit& into) {
  deadline_ = clock::now() + timeout_;
  for (;;) {
    const int error = av_read_frame(context_, packet_);
    if (error == AVERROR(EAGAIN) && interrupted(this) == 0) continue;
    if (error == AVERROR_EOF) {
      complaint_ = what_.file ? "the file is at its end" : "the other side ended it";
      return outcome::end;
    }
    if (error < 0) {
      complaint_ = clock::now() > deadline_ ? "nothing came for the time-out" : ffmpeg_error(error);
      return outcome::failed;
    }
    const bool filled = fill(into, *packet_);
    av_packet_unref(packet_);
    if (filled) return outcome::unit;
    deadline_ = clock::now() + timeout_;  // something comes, if nothing that is wanted
  }
}

bool lavf_input::seek(duration to) {
  deadline_ = clock::now() + timeout_;
  const auto wanted = std::chrono::duration_cast<std::chrono::microseconds>(to).count() +
                      (context_->start_time != AV_NOPTS_VALUE ? context_->start_time : 0);
  return avformat_seek_file(context_, -1, INT64_MIN, wanted, wanted, 0) >= 0;
}

}  // namespace berth::net
