// Threads that share nothing: each has an io_context of its own.
#pragma once

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <deque>

namespace berth::api {

/// As many io_contexts as there are threads. Two threads at one io_context hand its epoll set and its queue to each other,
/// which costs both of them more than it helps; what has been placed on one of these stays there.
/// Made and stopped by its owner, who runs each of them with one thread; any thread may call the rest.
class context_pool {
 public:
  /// At least one is made.
  explicit context_pool(std::size_t threads) {
    for (std::size_t i = 0; i < std::max<std::size_t>(threads, 1); ++i) contexts_.emplace_back(1);
  }

  std::size_t size() const noexcept { return contexts_.size(); }
  boost::asio::io_context& operator[](std::size_t i) noexcept { return contexts_[i]; }
  /// Where the next connection is placed: all of them in turn.
  boost::asio::io_context& next() noexcept { return contexts_[turn_++ % contexts_.size()]; }
  void stop() {
    for (auto& c : contexts_) c.stop();
  }

 private:
  std::deque<boost::asio::io_context> contexts_;
  std::atomic<std::size_t> turn_{0};
};

}  // namespace berth::api
