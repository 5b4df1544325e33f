#include "api/hls_service.hpp"

#include <boost/asio/post.hpp>
#include <utility>

namespace berth::api {

hls_session::hls_session(net::fan_out_ptr frames, const net::hls_options& options, boost::asio::thread_pool& workers)
    : frames_(std::move(frames)),
      workers_(workers),
      segmenter_(frames_->tracks(), options),
      last_asked_(net::clock::now()) {
  frames_->viewer_came(net::schema::hls);
}

hls_session::~hls_session() { frames_->viewer_left(net::schema::hls, net::clock::now()); }

void hls_session::begin() {
  const std::lock_guard lock{mutex_};  // a frame that comes now finds the place
  place_ = frames_->join([weak = weak_from_this(), &workers = workers_] {
    boost::asio::post(workers, [weak] {
      if (const auto self = weak.lock()) self->advance();
    });
  });
  boost::asio::post(workers_, [self = shared_from_this()] { self->advance(); });
}

void hls_session::advance() {
  std::vector<std::function<void()>> ready;
  {
    const std::lock_guard lock{mutex_};
    place_->rearm();
    const auto fresh = frames_->read(at_);
    for (const auto& f : fresh.frames) segmenter_.write(*f);
    if (fresh.ended && !std::exchange(ended_, true)) segmenter_.end();
    if (ended_ || segmenter_.has_segments()) ready.swap(waiting_);
  }
  for (const auto& f : ready) f();
}

std::string hls_session::playlist() {
  const std::lock_guard lock{mutex_};
  last_asked_ = net::clock::now();
  return segmenter_.playlist();
}

net::chunk_ptr hls_session::segment(std::string_view name) {
  const std::lock_guard lock{mutex_};
  last_asked_ = net::clock::now();
  return segmenter_.segment(name);
}

void hls_session::when_ready(std::function<void()> f) {
  {
    const std::lock_guard lock{mutex_};
    if (!ended_ && !segmenter_.has_segments()) {
      waiting_.push_back(std::move(f));
      return;
    }
  }
  f();
}

net::time_point hls_session::last_asked() const {
  const std::lock_guard lock{mutex_};
  return last_asked_;
}

std::shared_ptr<hls_session> hls_service::session_for(const actors::stream_key& name, const actors::watched& stream,
                                                      const net::hls_options& options) {
  const std::lock_guard lock{mutex_};
  auto& place = sessions_[{name, options.as}];
  if (!place.session || place.generation != stream.generation) {
    place = {stream.generation, std::make_shared<hls_session>(stream.media, options, workers_)};
    place.session->begin();
  }
  return place.session;
}

std::shared_ptr<hls_session> hls_service::find(const actors::stream_key& stream, net::container as) {
  const std::lock_guard lock{mutex_};
  const auto found = sessions_.find({stream, as});
  return found == sessions_.end() ? nullptr : found->second.session;
}

void hls_service::expire(net::time_point now) {
  std::vector<std::shared_ptr<hls_session>> gone;  // destroyed outside of the lock
  const std::lock_guard lock{mutex_};
  std::erase_if(sessions_, [&](auto& s) {
    if (now - s.second.session->last_asked() < patience) return false;
    gone.push_back(std::move(s.second.session));
    return true;
  });
}

void hls_service::clear() {
  const std::lock_guard lock{mutex_};
  sessions_.clear();
}

}  // namespace berth::api
