// Decides whose packets a stream takes.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "net/base/endpoint.hpp"
#include "net/base/media_sender.hpp"
#include "net/base/time.hpp"
#include "net/rtp/resting_senders.hpp"
#include "net/rtp/rtp_packet.hpp"
#include "net/rtp/source_policy.hpp"
#include "net/rtp/stream_counters.hpp"

namespace berth::net {

/// The lock on one source and one SSRC. The first admitted packet sets it; a refused packet teaches nothing.
/// A value, owned by a stream's receiver and touched by its thread only.
class admission {
 public:
  struct options {
    source_policy policy = source_policy::learn;
    std::uint32_t ssrc_filter = 0;                     ///< 0: none, the first packet decides
    duration relearn_after = std::chrono::seconds{1};  ///< silence after which a lock may move
  };

  admission() = default;
  explicit admission(const options& o) : options_(o) {}

  /// check(), and learn() if it passed.
  std::optional<refusal> admit(const rtp_packet& packet, const endpoint& from, time_point now) noexcept;

  /// Whether the packet belongs to the stream. Locks nothing; a resting sender is noted as heard, and a stranger as one.
  std::optional<refusal> check(const rtp_packet& packet, const endpoint& from, time_point now) noexcept;
  /// Locks to a packet that check() let pass.
  void learn(const rtp_packet& packet, const endpoint& from, time_point now) noexcept;

  /// The source can not come back (its TCP connection ended): any source may be next.
  void forget_source() noexcept;
  /// 0 removes the filter. A lock on an SSRC that the new filter refuses is dropped, and the source with it.
  void set_ssrc_filter(std::uint32_t ssrc) noexcept;
  /// Refuses each of `senders`, who used to send to this port, until it has been silent for `silence` (counted from
  /// `now`), or begins a stream that is not the former one: its packets meet the filter and have another SSRC than
  /// before. Where the former SSRC is not known, that takes a filter.
  void rest(const media_senders& senders, duration silence, time_point now) { resting_.begin(senders, silence, now); }
  /// Those of them who have not been silent for long enough, and who was refused beside the source: the next stream of
  /// the port is not theirs either.
  media_senders resting(time_point now) const;
  /// The source sends with more than one SSRC.
  bool several() const noexcept { return several_; }

  const endpoint& source() const noexcept { return source_; }  ///< unset before the first packet
  std::optional<std::uint32_t> ssrc() const noexcept { return ssrc_; }
  std::uint32_t ssrc_filter() const noexcept { return options_.ssrc_filter; }
  source_policy policy() const noexcept { return options_.policy; }

 private:
  struct stranger {
    endpoint from;
    time_point since;        // its first packet
    bool beside_us = false;  // the source went on sending after that: it is somebody else
  };
  static constexpr std::size_t most_strangers = 8;

  bool may_move(const endpoint& from, bool same_ssrc, bool silent) const noexcept;
  void note_stranger(const endpoint& from, time_point now);
  bool rests(const rtp_packet& packet, const endpoint& from, time_point now) noexcept;
  bool is_of_former_stream(const media_sender& resting, const rtp_packet& packet) const noexcept;

  options options_;
  endpoint source_;
  std::optional<std::uint32_t> ssrc_;
  time_point last_{};  // of the last packet learned from
  bool several_ = false;

  std::vector<stranger> strangers_;  // who was refused for his address; the latest ones

  resting_senders resting_;
};

}  // namespace berth::net
