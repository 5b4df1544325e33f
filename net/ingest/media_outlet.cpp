#include "net/ingest/media_outlet.hpp"

#include <utility>

namespace berth::net {
namespace {

constexpr duration measured_every = std::chrono::seconds{1};

}  // namespace

media_outlet::media_outlet(live_media_ptr media, const media_options& options, track_wish wish,
                           std::function<void()> on_complete)
    : media_(std::move(media)), options_(options), wish_(wish), on_complete_(std::move(on_complete)) {}

void media_outlet::begin(const decision& how, announcement announced) {
  how_ = how;
  announced_ = std::move(announced);
  maker_.emplace(
      static_cast<frame_sink&>(*this), media_->counters,
      frame_maker::options{.stamps = how.stamps, .wish = wish_, .audio = how.audio, .max_unit = options_.max_unit});
}

void media_outlet::on_frame(frame_ptr f) {
  new_frames_ = true;
  media_->frames.on_frame(f);
  if (silence_ && f->of->kind == media_kind::video) silence_->follow(*f, media_->frames);
}

void media_outlet::end_batch(time_point now) {
  if (!maker_) return;
  measure(now);
  if (!new_frames_) return;
  new_frames_ = false;
  look_at_tracks(now);
  media_->frames.publish();
}

// When the tracks that there are by now will have to do; none = no track yet.
std::optional<time_point> media_outlet::completion() const {
  if (!first_track_) return std::nullopt;
  const bool audio_wanted = how_.audio && wish_ != track_wish::video;
  const bool video_wanted = wish_ != track_wish::audio;
  const bool more_wanted = (audio_wanted && !maker_->audio()) || (video_wanted && !maker_->video());
  if (!more_wanted) return first_track_;
  const auto announced = announced_();
  if (!announced) return *first_track_ + options_.other_track_wait;
  const bool comes = maker_->audio() ? announced->video : announced->audio;
  return comes ? *first_track_ + options_.announced_track_wait : *first_track_;
}

void media_outlet::look_at_tracks(time_point now) {
  const auto video = maker_->video(), audio = maker_->audio();
  if (!first_track_ && (video || audio)) first_track_ = now;
  if (!complete_) {
    const auto due = completion();
    if (!due || now < *due) return;
  } else if (video == video_ && audio == audio_) {
    return;
  }
  video_ = video;
  audio_ = audio;
  std::vector<track_ptr> tracks;
  if (video) tracks.push_back(video);
  // Whoever asks for one of the two tracks alone wants no other.
  if (audio || !video || !how_.silence || !how_.audio || wish_ != track_wish::all)
    silence_.reset();
  else if (!silence_)
    silence_.emplace();
  if (audio) tracks.push_back(audio);
  if (silence_) tracks.push_back(silence_->track());
  media_->frames.set_tracks(std::move(tracks));
  if (std::exchange(complete_, true)) return;
  on_complete_();
}

void media_outlet::measure(time_point now) {
  const auto passed = now - measured_;
  if (passed < measured_every) return;
  const auto frames = media_->counters.video_frames.value();
  if (measured_ != time_point{}) {
    const auto ms = static_cast<std::uint64_t>(to_ms(passed));
    media_->counters.byte_rate.set((bytes_ - bytes_before_) * 1000 / ms);
    media_->counters.frame_rate_milli.set((frames - frames_before_) * 1'000'000 / ms);
  }
  measured_ = now;
  bytes_before_ = bytes_;
  frames_before_ = frames;
}

std::optional<time_point> media_outlet::deadline() const { return maker_ && !complete_ ? completion() : std::nullopt; }

void media_outlet::expire(time_point now) {
  if (!maker_) return;
  if (!complete_) look_at_tracks(now);
  if (complete_) new_frames_ = true;
}

void media_outlet::end() {
  if (maker_) maker_->flush();
  if (complete_) media_->frames.publish();
  media_->frames.end();
}

}  // namespace berth::net
