// Puts accepted RTP packets into the order of their numbers, at no cost for those that come in order.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "net/base/time.hpp"
#include "net/media/media_counters.hpp"
#include "net/rtp/rtp_receiver.hpp"

namespace berth::net {

/// A packet whose turn it is. The payload is valid during the call only.
struct ordered_packet {
  std::int64_t number = 0;
  std::uint8_t payload_type = 0;
  bool marker = false;
  std::uint32_t timestamp = 0;
  bytes_view payload;
  std::uint64_t missing = 0;  ///< packets that were given up directly before this one
  bool restarted = false;     ///< nothing before belongs to it
};

/// Must not throw.
class ordered_sink {
 public:
  virtual void on_packet(const ordered_packet& p) = 0;

 protected:
  ~ordered_sink() = default;
};

/// A packet in order goes straight through, as a view. Behind a gap packets are copied and wait for it to be filled;
/// the gap is given up when one of the limits is reached, by time too, for which somebody has to call expire().
/// Takes no memory before the first gap. When the last one is over it keeps a few small buffers for the next, and gives
/// back all beyond. The sink must not call back. Owned by a media receiver and touched by its thread only.
class reorder_buffer {
 public:
  struct limits {
    std::size_t packets = 1024;   ///< that wait
    std::int64_t distance = 256;  ///< from the missing number to the newest one
    std::size_t bytes = 2 * 1024 * 1024;
    duration patience = std::chrono::milliseconds{300};  ///< from the arrival of the first packet behind a gap
  };

  reorder_buffer(ordered_sink& out, media_counters& counters, const limits& l)
      : out_(out), counters_(counters), limits_(l) {}

  void push(const accepted_packet& packet, time_point now);
  /// When the oldest gap has to be given up; none = there is none.
  std::optional<time_point> deadline() const noexcept;
  /// Gives up the gaps whose time has come.
  void expire(time_point now);
  /// Gives up all gaps.
  void flush();
  /// Forgets what waits, and begins with the next packet.
  void reset() noexcept;

  std::size_t waiting() const noexcept { return count_; }

 private:
  struct slot {
    bool taken = false;
    bool marker = false;
    std::uint8_t payload_type = 0;
    std::uint32_t timestamp = 0;
    time_point arrival{};
    std::vector<std::uint8_t> payload;
  };

  slot& at(std::int64_t number) noexcept { return ring_[static_cast<std::uint64_t>(number) % ring_.size()]; }
  void skip_to(std::int64_t number) noexcept;
  void hold(const accepted_packet& packet, time_point now);
  void make_room(std::int64_t number);
  void release_run();
  void give_up_gap();
  bool over_limits() const noexcept { return count_ > limits_.packets || bytes_ > limits_.bytes; }

  ordered_sink& out_;
  media_counters& counters_;
  limits limits_;

  bool started_ = false;
  std::int64_t next_ = 0;      // whose turn it is
  std::int64_t newest_ = 0;    // of those that wait
  std::uint64_t missing_ = 0;  // given up before the next packet that goes out
  bool restarted_ = false;     // the next packet that goes out begins anew
  std::vector<slot> ring_;     // by number; a power of two that reaches from next_ to newest_
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
  time_point gap_since_{};  // first arrival of those that wait
};

}  // namespace berth::net
