// HTTP Live Streaming: a stream as a list of small files (RFC 8216).
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/egress/carried_tracks.hpp"
#include "net/egress/container.hpp"
#include "net/media/frame_pace.hpp"

namespace berth::net {

struct hls_options {
  container as = container::ts;                      ///< ts or fmp4
  double segment_seconds = 2;                        ///< a segment ends at the first key frame behind this
  std::size_t segments_in_list = 3;                  ///< at least 1
  std::size_t segments_kept = 5;                     ///< behind the list, for players that are slow
  bool fast_register = false;                        ///< the first segment is one group of pictures
  std::size_t max_segment_bytes = 64 * 1024 * 1024;  ///< then it ends wherever it is
};

/// Cuts frames into segments, all in memory: at most the list, what is kept behind it, and the segment under way. One
/// per stream and container; owned by whoever feeds it and touched by that thread only, also for reading. The bytes it
/// gives away are for everyone.
class hls_segmenter {
 public:
  hls_segmenter(const std::vector<track_ptr>& tracks, const hls_options& options = {});

  /// Frames before the first key frame are passed over.
  void write(const frame& f);
  /// Nothing more comes: what is under way is the last segment.
  void end();

  /// The media playlist, with `prefix` in front of each name; empty before the first segment is complete.
  std::string playlist(std::string_view prefix = {}) const;
  /// A file of the list by its name ("17.ts", "17.m4s", "init0.mp4"); null if it is not there (any more).
  chunk_ptr segment(std::string_view name) const;
  /// fMP4: ftyp and moov of the newest segment; null for ts.
  chunk_ptr init() const { return options_.as == container::fmp4 ? newest_init_ : nullptr; }

  bool has_segments() const noexcept { return !segments_.empty(); }
  std::size_t bytes() const noexcept;  ///< held now

 private:
  struct part {
    std::uint64_t sequence = 0;
    double seconds = 0;
    bool discontinuity = false;  // something else than what was before it
    std::uint64_t init_number = 0;
    chunk_ptr init;  // fMP4
    chunk_ptr media;
  };

  void begin(const frame& f);
  void cut(std::int64_t end);
  bool is_over(const frame& f) const noexcept;
  void restart_muxer();
  bool leads(const frame& f) const noexcept;
  std::string name_of(const part& p) const;
  std::string init_name(std::uint64_t number) const;
  std::size_t listed_from() const noexcept;

  const hls_options options_;
  carried_tracks tracks_;
  std::unique_ptr<muxer> muxer_;
  chunk_ptr newest_init_;
  std::uint64_t init_number_ = 0;
  std::deque<part> segments_;
  std::uint64_t next_sequence_ = 0;
  std::uint64_t discontinuities_gone_ = 0;  // that have left the list
  double longest_ = 0;
  bool ended_ = false;

  // the segment under way
  bool open_ = false;
  bool discontinuity_ = false;
  std::vector<std::uint8_t> bytes_;
  std::int64_t begin_ = 0;     // dts
  std::int64_t expected_ = 0;  // dts of the next leading frame
  frame_pace pace_;
};

}  // namespace berth::net
