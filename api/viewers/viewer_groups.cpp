#include "api/viewers/viewer_groups.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

namespace berth::api {

namespace asio = boost::asio;
using boost::system::error_code;

viewer_group::viewer_group(asio::io_context& io, std::size_t number, std::function<net::duration()> tick)
    : executor_(io.get_executor()), number_(number), tick_(std::move(tick)), timer_(executor_) {}

void viewer_group::admit(media_viewer_ptr viewer) {
  ++size_;
  viewer->feed()->came(number_);
  asio::post(executor_, [self = shared_from_this(), viewer = std::move(viewer)] {
    self->by_feed_[viewer->feed().get()].push_back(viewer);
    if (self->stopped_)
      viewer->drop();
    else
      viewer->begin(self->number_);
    self->arm();
  });
}

void viewer_group::post_turn(std::weak_ptr<viewer_feed> feed) {
  asio::post(executor_, [self = shared_from_this(), feed = std::move(feed)] {
    if (const auto f = feed.lock()) self->turn(f);
  });
}

void viewer_group::turn(const viewer_feed_ptr& feed) {
  feed->advance(number_);
  const auto found = by_feed_.find(feed.get());
  if (found == by_feed_.end()) return;
  for (const auto& v : found->second) v->pump();
  reap(found->second);
}

// An empty entry stays until the next tick: a turn may still be under way with it.
void viewer_group::reap(viewers& of) {
  size_ -= std::erase_if(of, [this](const media_viewer_ptr& v) {
    if (v->over()) v->feed()->left(number_);
    return v->over();
  });
}

void viewer_group::arm() {
  if (armed_ || by_feed_.empty()) return;
  armed_ = true;
  timer_.expires_after(tick_());
  timer_.async_wait([weak = weak_from_this()](error_code cancelled) {
    if (const auto self = weak.lock(); self && !cancelled) self->tick();
  });
}

void viewer_group::tick() {
  armed_ = false;
  const auto now = net::clock::now();
  for (auto& [feed, of] : by_feed_) {
    for (const auto& v : of) v->tick(now);
    reap(of);
  }
  std::erase_if(by_feed_, [](const auto& entry) { return entry.second.empty(); });
  arm();
}

void viewer_group::stop(std::function<void()> done) {
  asio::post(executor_, [self = shared_from_this(), done = std::move(done)] {
    self->stopped_ = true;
    for (auto& [feed, of] : self->by_feed_) {
      for (const auto& v : of) v->end(media_viewer::ending::going_down);
      self->reap(of);
    }
    done();
  });
}

void viewer_group::abandon() noexcept {
  for (auto& [feed, of] : by_feed_)
    for (const auto& v : of) v->drop();
  by_feed_.clear();
}

viewer_groups::viewer_groups(context_pool& contexts, std::function<net::duration()> tick) {
  for (std::size_t i = 0; i < contexts.size(); ++i)
    groups_.push_back(std::make_shared<viewer_group>(contexts[i], i, tick));
}

// Nobody is served any more who still has something under way.
viewer_groups::~viewer_groups() {
  for (const auto& g : groups_) g->abandon();
}

viewer_feed_ptr viewer_groups::make_feed(net::fan_out_ptr frames, net::container as,
                                         const net::muxer_options& options) const {
  // Weakly: a viewer that has still something under way holds its feed, and no thread's timers.
  std::vector<std::weak_ptr<viewer_group>> groups{groups_.begin(), groups_.end()};
  return std::make_shared<viewer_feed>(std::move(frames), as, options, groups_.size(),
                                       [groups = std::move(groups)](std::size_t i, std::weak_ptr<viewer_feed> feed) {
                                         if (const auto g = groups[i].lock()) g->post_turn(std::move(feed));
                                       });
}

viewer_group& viewer_groups::emptiest() const noexcept {
  return **std::min_element(groups_.begin(), groups_.end(),
                            [](const auto& a, const auto& b) { return a->size() < b->size(); });
}

std::size_t viewer_groups::size() const noexcept {
  std::size_t sum = 0;
  for (const auto& g : groups_) sum += g->size();
  return sum;
}

void viewer_groups::stop(std::function<void()> done) {
  const auto left = std::make_shared<std::atomic<std::size_t>>(groups_.size());
  for (const auto& g : groups_)
    g->stop([left, done] {
      if (--*left == 0) done();
    });
}

}  // namespace berth::api
