// What a stream actor and its supervisor hold in common: the sockets while they change hands, and figures to read.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/base/published.hpp"
#include "net/base/time.hpp"
#include "net/io/quarantine.hpp"
#include "net/rtp/rtp_receiver.hpp"
#include "net/rtp/stream_counters.hpp"

namespace berth::actors {

/// Identity of what a stream receives, replaced as a whole.
struct received_from {
  net::endpoint source;
  std::uint32_t ssrc = 0;
  std::uint8_t payload_type = 0;
  bool over_tcp = false;
};

/// A sentence of bounded length, cut if it is longer.
struct short_text {
  std::array<char, 160> bytes{};

  short_text() = default;
  explicit short_text(std::string_view text) noexcept { text.copy(bytes.data(), bytes.size() - 1); }
  std::string str() const { return bytes.data(); }
};

/// One per stream life. `ports`, `strangers` and `several` have one owner at a time: the supervisor before the spawn and
/// after the down message, the stream in between; CAF's spawn and down message order the hand-overs. Everything else is
/// written by the stream's thread only and readable from any thread. Dies with the last of the two.
struct mooring {
  net::bound_ports ports;
  net::media_senders strangers;  ///< who sends to the ports and must not feed the stream
  bool several = false;          ///< its source sends with more than one SSRC
  int receive_buffer = 0;        ///< set before the spawn

  net::stream_counters counters;
  net::published<received_from> from;
  net::published<net::refused_packet> refused;  ///< one of the last second
  net::published<short_text> last_reason;

  /// Ticks of net::clock; 0 = never.
  std::atomic<std::int64_t> last_packet{0};
  std::atomic<std::int64_t> last_datagram{0};

  static std::optional<net::time_point> time(const std::atomic<std::int64_t>& ticks) noexcept {
    const auto t = ticks.load(std::memory_order_acquire);
    if (t == 0) return std::nullopt;
    return net::time_point{net::duration{t}};
  }
  static void mark(std::atomic<std::int64_t>& ticks, net::time_point now) noexcept {
    ticks.store(now.time_since_epoch().count(), std::memory_order_release);
  }
};

}  // namespace berth::actors
