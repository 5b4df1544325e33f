// The parameter sets of a video stream, as they come, and the track that they describe.
#pragma once

#include "net/base/bytes.hpp"
#include "net/codec/codec.hpp"
#include "net/codec/track.hpp"
#include "net/media/media_counters.hpp"

namespace berth::net {

/// Takes sets out of the stream; a set that is there already, as before every key frame, costs a comparison. A changed
/// one makes a new track, since frames from then on belong to it. Bounded: few sets, none of them large.
/// A part of a video assembler, on its thread.
class parameter_sets {
 public:
  static constexpr std::size_t max_sets = 16;  ///< of a kind
  static constexpr std::size_t max_size = 4096;

  parameter_sets(codec format, media_counters& counters) : format_(format), counters_(counters) {}

  static bool is_set(codec format, std::uint8_t nal_type) noexcept;
  void take(bytes_view nal);
  /// As of now; null until all that a decoder needs was there.
  const track_ptr& current();

 private:
  using set_list = std::vector<std::vector<std::uint8_t>>;

  set_list& list_for(std::uint8_t type) noexcept;
  unsigned id_of(bytes_view nal) const noexcept;
  void make_track();

  codec format_;
  media_counters& counters_;
  set_list vps_, sps_, pps_;
  bool changed_ = false;
  track_ptr track_;
};

}  // namespace berth::net
