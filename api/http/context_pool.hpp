// Threads that share nothing: each has an io_context of its own.
#pragma once

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <deque>

namespace berth::api {

/// As many io_contexts as there are threads. Two threads at one io_context hand its epoll set and its queue to each
/// other, which costs both of them more than it helps; what has been placed on one of these stays there.
/// Made and stopped by its owner, who runs each of them with one thread; any thread may call the rest.
class context_pool {
 public:
  /// At least one is made.
  explicit context_pool(std::size_t threads) {
    for (std::size_t i = 0; i < std::max<std::size_t>(threads, 1); ++i) contexts_.emplace_back();
  }
  /// What is left under way on one may own what another has to cancel: all is dropped before the first of them goes.
  ~context_pool() {
    for (auto& c : contexts_) c.drop();
  }
  context_pool(const context_pool&) = delete;
  context_pool& operator=(const context_pool&) = delete;

  std::size_t size() const noexcept { return contexts_.size(); }
  boost::asio::io_context& operator[](std::size_t i) noexcept { return contexts_[i]; }
  /// Where the next connection is placed: all of them in turn.
  boost::asio::io_context& next() noexcept { return contexts_[turn_++ % contexts_.size()]; }
  void stop() {
    for (auto& c : contexts_) c.stop();
  }

 private:
  struct context : boost::asio::io_context {
    context() : boost::asio::io_context{1} {}
    void drop() { shutdown(); }
  };

  std::deque<context> contexts_;
  std::atomic<std::size_t> turn_{0};
};

}  // namespace berth::api
