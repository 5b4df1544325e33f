// Access units of H.264 and H.265 out of pieces of a byte stream or of NAL units.
#pragma once

#include <array>
#include <functional>
#include <optional>

#include "net/base/time.hpp"
#include "net/codec/annexb.hpp"
#include "net/ingest/elementary_sink.hpp"
#include "net/ingest/parameter_sets.hpp"

namespace berth::net {

/// A complete picture, not on a time line yet.
struct picture {
  track_ptr of;
  raw_stamps stamps;
  time_point arrival;
  bool key = false;
  std::vector<std::uint8_t> data;  ///< as frame::data
};

/// Each byte is copied once, from the packet to the picture's buffer. A picture is over when the next one begins, by its
/// time stamp or by its first slice; and, so that it need not wait for the next one, at the sender's marker, as long as
/// markers have not proven to lie. A picture of which anything is missing is dropped, and so is what comes before the
/// first key frame. Bounded by max_unit. Owned by a frame maker, touched by its thread only.
class video_assembler final : private nal_sink {
 public:
  using sink = std::function<void(picture&&)>;

  video_assembler(codec format, media_counters& counters, std::size_t max_unit, sink out);

  void unit_begin(std::optional<raw_stamps> stamps, time_point arrival);
  void bytes(bytes_view piece) { splitter_.push(piece); }
  void begin_nal() { nal_begin(); }
  void append_nal(bytes_view piece) { nal_bytes(piece); }
  void end_nal() { nal_end(); }
  void unit_end(bool damaged);
  void lost();
  void access_unit_end();
  void flush();

  codec format() const noexcept { return format_; }
  const track_ptr& current() const noexcept { return track_; }

 private:
  void nal_begin() override;
  void nal_bytes(bytes_view piece) override;
  void nal_end() override;

  bool is_vcl(std::uint8_t type) const noexcept;
  void decide();
  void append(bytes_view piece);
  void open(time_point arrival);
  void finish(bool by_marker);
  void clear();

  // given
  const codec format_;
  media_counters& counters_;
  const std::size_t max_unit_;
  const sink out_;
  // owned
  annexb_splitter splitter_{*this};
  parameter_sets sets_;
  track_ptr track_;
  // the unit under way
  raw_stamps unit_stamps_;
  time_point unit_arrival_{};
  bool in_unit_ = false;
  // the picture under way
  std::vector<std::uint8_t> data_;
  raw_stamps stamps_;
  time_point arrival_{};
  bool open_ = false;
  bool has_slice_ = false;
  bool key_ = false;
  bool damaged_ = false;
  bool oversized_ = false;
  // the NAL unit under way
  std::array<std::uint8_t, 4> head_{};  // its first bytes, until they say where it belongs
  std::size_t head_size_ = 0;
  std::size_t nal_at_ = 0;  // where its length stands in data_
  std::uint8_t nal_type_ = 0;
  bool in_nal_ = false;
  bool decided_ = false;
  // what was learned
  bool trusts_markers_ = true;
  bool ended_by_marker_ = false;  // the picture before
  bool key_seen_ = false;
  std::size_t usual_size_ = 0, usual_key_size_ = 0;  // of the last picture of that kind, and a little more
};

}  // namespace berth::net
