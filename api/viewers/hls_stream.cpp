#include "api/viewers/hls_stream.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <iterator>
#include <utility>

namespace berth::api {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t frames_at_once = 256;
constexpr std::size_t most_visitors = 10000;  // one more lets the others ask again
// That count each for itself: who asks costs nothing, and may have many addresses.
constexpr std::size_t most_players = 256;
constexpr std::string_view all_others = "others";

net::hls_options options_of(const viewer_settings& settings, net::container as) {
  auto o = settings.hls;
  o.as = as;
  return o;
}

}  // namespace

hls_stream::hls_stream(asio::any_io_executor executor, std::string name, actors::stream_key key, net::fan_out_ptr media,
                       const viewer_settings& settings, net::container as, std::function<void()> over)
    : executor_(std::move(executor)),
      name_(std::move(name)),
      key_(std::move(key)),
      media_(std::move(media)),
      settings_(settings),
      over_(std::move(over)),
      timer_(executor_),
      segmenter_(media_->tracks(), options_of(settings, as)),
      last_asked_(net::clock::now()) {}

hls_stream::~hls_stream() { leave_all(false); }

void hls_stream::start() {
  const auto wake = [weak = weak_from_this(), executor = executor_] {
    asio::post(executor, [weak] {
      if (const auto self = weak.lock()) self->drain();
    });
  };
  auto place = media_->join(wake);
  {
    const std::lock_guard lock{mutex_};
    place_ = std::move(place);
  }
  asio::post(executor_, [self = shared_from_this()] {
    self->drain();
    self->arm();
  });
}

void hls_stream::drain() {
  const std::lock_guard lock{mutex_};
  if (!place_) return;
  place_->rearm();
  for (;;) {
    const auto batch = media_->read(at_, frames_at_once);
    for (const auto& f : batch.frames) segmenter_.write(*f);
    if (batch.ended && !stream_ended_) {
      segmenter_.end();
      stream_ended_ = net::clock::now();
    }
    if (batch.frames.empty() || batch.ended) break;
  }
  if (segmenter_.has_segments() || stream_ended_) wake_waiters();
}

void hls_stream::wake_waiters() {
  for (auto& w : std::exchange(waiting_, {})) {
    const auto executor = w->get_executor();
    asio::post(executor, [w = std::move(w)] { w->cancel(); });
  }
}

// ---- the end ------------------------------------------------------------------------------------------------------

void hls_stream::arm() {
  const auto shortest = std::min({settings_.hls_idle, settings_.hls_viewer, settings_.hls_after_end});
  timer_.expires_after(std::clamp<net::duration>(shortest / 4, std::chrono::milliseconds{10}, std::chrono::seconds{1}));
  timer_.async_wait([weak = weak_from_this()](error_code cancelled) {
    if (const auto self = weak.lock(); self && !cancelled) self->tick();
  });
}

bool hls_stream::is_due(net::time_point now) const {
  return ended_ || now - last_asked_ > settings_.hls_idle ||
         (stream_ended_ && now - *stream_ended_ > settings_.hls_after_end);
}

void hls_stream::tick() {
  const auto now = net::clock::now();
  bool due = false;
  {
    const std::lock_guard lock{mutex_};
    due = is_due(now);
    for (auto p = players_.begin(); p != players_.end();) {
      const bool stays = !p->second.entry->kicked && now - p->second.last_asked <= settings_.hls_viewer;
      p = stays ? std::next(p) : leave(p, true);
    }
    std::erase_if(admitted_, [&](const auto& a) { return now - a.second > settings_.hls_idle; });
  }
  if (!due) return arm();
  end(true);
  over_();
}

void hls_stream::end(bool tell) {
  std::unique_ptr<net::fan_out::place> place;
  {
    const std::lock_guard lock{mutex_};
    ended_ = true;
    leave_all(tell);
    admitted_.clear();
    wake_waiters();
    place = std::move(place_);
  }
}

// Who was kicked has to ask again whether he may watch.
hls_stream::players::iterator hls_stream::leave(players::iterator who, bool tell) {
  const auto now = net::clock::now();
  const auto address = who->first;
  const auto left = std::move(who->second);
  const auto next = players_.erase(who);
  if (left.entry->kicked)
    std::erase_if(admitted_, [&](const auto& a) {
      const auto& visitor = a.first;
      return visitor.starts_with(address) && (visitor.size() == address.size() || visitor[address.size()] == '?');
    });
  media_->viewer_left(left.entry->who.as, now);
  if (tell && left.left) left.left(left.entry->who, {left.entry->bytes, now - left.entry->since});
  return next;
}

void hls_stream::leave_all(bool tell) {
  for (auto p = players_.begin(); p != players_.end();) p = leave(p, tell);
}

// ---- players ------------------------------------------------------------------------------------------------------

bool hls_stream::admits(const std::string& visitor, net::time_point now) {
  const std::lock_guard lock{mutex_};
  const auto player = players_.find(visitor.substr(0, visitor.find('?')));
  if (player != players_.end() && player->second.entry->kicked) leave(player, true);
  const auto found = admitted_.find(visitor);
  if (ended_ || found == admitted_.end()) return false;
  found->second = now;
  return true;
}

void hls_stream::admit(std::string visitor, net::time_point now) {
  const std::lock_guard lock{mutex_};
  if (ended_) return;
  if (admitted_.size() >= most_visitors) admitted_.clear();
  admitted_[std::move(visitor)] = now;
}

// An address, or what those have in common who are too many.
std::string hls_stream::name_of(const net::endpoint& peer) const {
  auto address = peer.address_string();
  return players_.contains(address) || players_.size() < most_players ? address : std::string{all_others};
}

bool hls_stream::asked(viewer_registry& registry, actors::viewer who, const left_function& left, net::time_point now) {
  const std::lock_guard lock{mutex_};
  if (ended_) return false;
  last_asked_ = now;
  auto address = name_of(who.peer);
  if (const auto known = players_.find(address); known != players_.end()) {
    known->second.last_asked = now;
    return true;
  }
  who.key = key_;
  const auto as = who.as;
  auto entry = registry.add(std::move(who), settings_.max_viewers);
  if (!entry) return false;
  players_.emplace(std::move(address), player{std::move(entry), left, now});
  media_->viewer_came(as);
  return true;
}

asio::awaitable<bool> hls_stream::wait_for_segment(net::duration patience) {
  const auto executor = co_await asio::this_coro::executor;
  const auto timer = std::make_shared<asio::steady_timer>(executor);
  timer->expires_after(patience);
  {
    const std::lock_guard lock{mutex_};
    if (segmenter_.has_segments() || stream_ended_ || ended_) co_return segmenter_.has_segments() && !ended_;
    waiting_.push_back(timer);
  }
  co_await timer->async_wait(asio::as_tuple(asio::use_awaitable));
  const std::lock_guard lock{mutex_};
  std::erase(waiting_, timer);
  co_return segmenter_.has_segments() && !ended_;
}

std::string hls_stream::playlist() const {
  const std::lock_guard lock{mutex_};
  return segmenter_.playlist(name_ + "-");
}

net::chunk_ptr hls_stream::file(std::string_view name, const net::endpoint& peer) {
  const std::lock_guard lock{mutex_};
  auto c = segmenter_.segment(name);
  const auto who = players_.find(name_of(peer));
  if (c && who != players_.end()) who->second.entry->bytes += c->bytes.size();
  return c;
}

}  // namespace berth::api
