// Which payload format a payload type carries: by number where numbers mean something, else by what the bytes say.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "net/codec/codec.hpp"
#include "net/ingest/depacketizer.hpp"
#include "net/ingest/elementary_sink.hpp"
#include "net/media/media_counters.hpp"
#include "net/media/media_options.hpp"

namespace berth::net {

/// A value.
struct payload_format {
  enum class carrier : std::uint8_t { undecided, ps, ts, elementary, unsupported };

  carrier as = carrier::undecided;
  codec of = codec::unknown;  ///< of an elementary one

  static constexpr payload_format elementary(codec c) noexcept { return {carrier::elementary, c}; }
  bool operator==(const payload_format&) const = default;
};
std::string_view to_string(payload_format f) noexcept;

/// What one payload's first bytes prove; undecided = nothing. Only formats that have a signature are ever named.
payload_format signature_of(bytes_view payload) noexcept;

/// The depacketizers of a stream, one a payload type and four at most. PS and TS share one each, whatever their payload
/// types. A format that was chosen is given up when its own signature has not been seen for a long time and another
/// one's is: cameras announce 96 for anything, and devices change what they send.
/// Owned by a stream's media receiver and touched by its thread only. Everything it finds goes to one sink.
class payload_set {
 public:
  static constexpr std::size_t max_types = 4;
  /// Packets without the chosen format's signature after which another signature is believed.
  static constexpr unsigned doubt_after = 1024;

  payload_set(elementary_sink& out, media_counters& counters, const media_options& options)
      : out_(out), counters_(counters), options_(options) {}

  /// One packet in order. `missing`: packets were lost before it.
  void push(std::uint8_t payload_type, const media_packet& packet, bool missing);
  /// Packets were lost: nobody knows whose.
  void lost();
  /// Ends what is open, since nothing follows soon.
  void flush();
  /// The sender starts anew.
  void reset();

  /// Of the payload type that was seen last.
  payload_format format() const noexcept { return last_ == nullptr ? payload_format{} : last_->format; }
  /// What the carrier itself says of its tracks (PS map, TS tables); none = it says nothing.
  std::optional<announced_tracks> announced() const noexcept;

 private:
  struct entry {
    std::uint8_t payload_type = 0;
    payload_format format{};
    unsigned unconfirmed = 0;  // packets since its format's signature was seen
    std::shared_ptr<depacketizer> unpacker;
  };

  entry* entry_for(std::uint8_t payload_type);
  payload_format by_number(std::uint8_t payload_type) const noexcept;
  void settle(entry& e, bytes_view payload);
  void choose(entry& e, payload_format format);
  std::shared_ptr<depacketizer> make(payload_format format, std::uint8_t payload_type);

  elementary_sink& out_;
  media_counters& counters_;
  const media_options& options_;
  std::array<entry, max_types> entries_;
  std::size_t used_ = 0;
  entry* last_ = nullptr;
};

}  // namespace berth::net
