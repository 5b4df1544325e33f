// The viewers of the node, in as many groups as they have threads.
#pragma once

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "api/http/context_pool.hpp"
#include "api/viewers/media_viewer.hpp"

namespace berth::api {

/// Viewers on one thread: new frames of a feed come as one turn, in which all its viewers here are served.
/// Owned by viewer_groups and by what it has posted. Members that say so may be called from any thread, the others on
/// the group's.
class viewer_group : public std::enable_shared_from_this<viewer_group> {
 public:
  /// `tick`: how often viewers are looked at; asked each time.
  viewer_group(boost::asio::io_context& io, std::size_t number, std::function<net::duration()> tick);

  // ---- any thread

  boost::asio::any_io_executor executor() const { return executor_; }
  std::size_t size() const noexcept { return size_; }
  /// The viewer is served from now on until it is over.
  void admit(media_viewer_ptr viewer);
  void post_turn(std::weak_ptr<viewer_feed> feed);
  /// Ends all viewers, and each one that comes later; then calls `done` on the thread.
  void stop(std::function<void()> done);

  /// Only when the thread has ended.
  void abandon() noexcept;

 private:
  using viewers = std::vector<media_viewer_ptr>;

  void turn(const viewer_feed_ptr& feed);
  void arm();
  void tick();
  void reap(viewers& of);

  boost::asio::io_context::executor_type executor_;
  const std::size_t number_;
  const std::function<net::duration()> tick_;
  std::atomic<std::size_t> size_{0};
  // on the thread
  boost::asio::steady_timer timer_;
  bool armed_ = false;
  bool stopped_ = false;
  std::unordered_map<const viewer_feed*, viewers> by_feed_;
};

/// A group on each io_context.
/// Owned by the media service; any thread may call it. Destroy it when nobody runs the io_contexts any more.
class viewer_groups {
 public:
  viewer_groups(context_pool& contexts, std::function<net::duration()> tick);
  ~viewer_groups();
  viewer_groups(const viewer_groups&) = delete;
  viewer_groups& operator=(const viewer_groups&) = delete;

  viewer_feed_ptr make_feed(net::fan_out_ptr frames, net::container as, const net::muxer_options& options) const;
  /// The one with the fewest viewers.
  viewer_group& emptiest() const noexcept;
  std::size_t size() const noexcept;
  void stop(std::function<void()> done);

 private:
  std::vector<std::shared_ptr<viewer_group>> groups_;
};

}  // namespace berth::api
