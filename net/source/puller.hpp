// A source on a thread of its own, since FFmpeg waits.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "net/source/lavf_input.hpp"

namespace berth::net {

/// Opens, reads at the pace of a file's stamps or as the other side sends, and opens anew behind a loss, later and later.
/// A first opening that fails ends it. What was not taken yet is bounded: the thread waits then, and so does the sender.
/// Owned by a pulled stream. The destructor waits for the thread, for as long as a look-up of a name takes at most if
/// `ended` has not come.
class puller final : public media_source {
 public:
  static constexpr std::size_t most_items = 1024;
  static constexpr std::size_t most_bytes = 16 * 1024 * 1024;

  puller(source_options_ptr what, url_policy admit, std::function<void()> wake);
  ~puller() override;
  puller(const puller&) = delete;
  puller& operator=(const puller&) = delete;

  std::deque<source_item> take() override;
  void stop() override;
  void seek(duration to) override;
  void set_speed(double factor) override;

 private:
  void run();
  std::string play(lavf_input& in);
  bool rewind(lavf_input& in);
  void follow_orders(lavf_input& in);
  void keep_pace(duration position);
  bool wait_until(time_point when);
  void give(source_item item);

  // given
  const source_options_ptr what_;
  const url_policy admit_;
  const std::function<void()> wake_;
  // between the two threads
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<source_item> items_;
  std::size_t bytes_ = 0;
  std::optional<duration> seek_to_;
  double wanted_speed_ = 1;
  bool new_pace_ = false;
  // of the thread
  double speed_ = 1;
  std::optional<duration> paced_from_;  // the position that stands for...
  time_point paced_since_{};            // ... this time
  std::thread thread_;
};

}  // namespace berth::net
