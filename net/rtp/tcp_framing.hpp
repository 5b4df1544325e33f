// Finds the RTP packets in a TCP stream, whichever of three framings the device speaks, and again after garbage.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <vector>

#include "net/base/bytes.hpp"

namespace berth::net {

struct tcp_frame {
  bytes_view bytes;   ///< without its framing; valid during the call of the sink only
  bool rtcp = false;  ///< RTCP instead of RTP
};

/// How a connection marks where its packets end.
///
///   length_prefixed (RFC 4571 2)          interleaved (RFC 2326 10.12)
///    0               2                     0     1         2               4
///   +-------+-------+--------- - -        +-----+---------+-------+-------+--------- - -
///   |    length     | RTP or RTCP          | '$' | channel |    length     | RTP or RTCP
///   +-------+-------+--------- - -        +-----+---------+-------+-------+--------- - -
///
///   ehome: 256 bytes of private header (01 00, then 01 or more), then frames with a prefix as interleaved but any
///   first two bytes; a carriage return behind the 12 bytes of the RTP header is not part of the packet.
enum class tcp_form : std::uint8_t { undecided, length_prefixed, interleaved, ehome };

/// Splits one connection's bytes into frames. It decides on the form from the packets that each form implies, never
/// from the first byte alone. When the framing is lost it looks for a place where an RTP header, the known SSRC and the
/// next frame fit together. Never throws for input; keeps no more than one frame and a few KB. Owned by a connection,
/// touched by its thread only.
class tcp_framing {
 public:
  static constexpr std::size_t default_max_frame = 10 * 1024;

  /// Longer frames are taken for lost framing. At most 65535, the largest that the length can say.
  explicit tcp_framing(std::size_t max_frame = default_max_frame);

  /// Calls sink(const tcp_frame&) for every frame that `chunk` completes. A frame that lies whole in `chunk` is not
  /// copied (save those with a byte taken out).
  template <class Sink>
  void feed(bytes_view chunk, Sink&& sink) {
    using target = std::remove_reference_t<Sink>;
    feed(chunk, sink_ref{const_cast<void*>(static_cast<const void*>(std::addressof(sink))),
                         [](void* to, const tcp_frame& frame) { (*static_cast<target*>(to))(frame); }});
  }

  tcp_form form() const noexcept { return form_; }
  std::uint64_t frames() const noexcept { return frames_; }                ///< delivered
  std::uint64_t resyncs() const noexcept { return resyncs_; }              ///< times the framing was lost
  std::uint64_t skipped_bytes() const noexcept { return skipped_bytes_; }  ///< thrown away while looking for it
  std::size_t pending_bytes() const noexcept { return pending_.size(); }   ///< waiting for the rest of a frame
  std::optional<std::uint32_t> ssrc() const noexcept { return ssrc_; }     ///< of the last RTP frame

 private:
  struct sink_ref {
    void* to;
    void (*call)(void*, const tcp_frame&);
    void operator()(const tcp_frame& frame) const { call(to, frame); }
  };

  void feed(bytes_view chunk, sink_ref sink);
  std::size_t parse(bytes_view data, sink_ref sink);
  std::size_t decide(bytes_view data);
  std::size_t split(bytes_view data, sink_ref sink);
  std::size_t search(bytes_view data);
  void lose() noexcept;
  void deliver(const tcp_frame& frame, sink_ref sink);

  std::size_t max_frame_;
  tcp_form form_ = tcp_form::undecided;
  bool lost_ = false;
  std::size_t needed_ = 0;  // bytes, counted from the first unused one, without which nothing can be decided
  std::optional<std::uint32_t> ssrc_;
  std::vector<std::uint8_t> pending_;
  std::vector<std::uint8_t> scratch_;  // a frame that lost its carriage return

  std::uint64_t frames_ = 0;
  std::uint64_t resyncs_ = 0;
  std::uint64_t skipped_bytes_ = 0;
};

}  // namespace berth::net
