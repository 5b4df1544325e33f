// Fragmented MP4 and MPEG transport streams, by way of libavformat.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "net/egress/carried_tracks.hpp"
#include "net/egress/container.hpp"
#include "net/egress/lavf_output.hpp"

namespace berth::net {

/// Where the library writes to: the bytes of the frame under way. Part of a muxer.
class memory_target final : public lavf_output::target {
 public:
  int write(bytes_view b) override;
  std::int64_t seek(std::int64_t, int) override;
  bool seekable() const override { return false; }
  /// What has come since; `expected` bytes are made room for next time.
  std::vector<std::uint8_t> take() { return std::exchange(bytes_, {}); }
  void expect(std::size_t bytes) { bytes_.reserve(bytes); }
  void clear() { bytes_.clear(); }

 private:
  std::vector<std::uint8_t> bytes_;
};

/// One fragment (moof and mdat) a frame, so that a viewer gets each frame when it is there. Decode times (tfdt) are
/// absolute on the stream's line. The header is ftyp and moov; a change of a track puts a new one in front of the
/// frame's fragment. Owner and threads: see muxer.
class fmp4_muxer final : public muxer {
 public:
  explicit fmp4_muxer(const std::vector<track_ptr>& tracks, const muxer_options& options = {});

  chunk_ptr header() const override { return header_; }
  chunk_ptr write(const frame& f) override;

 private:
  void restart();

  muxer_options options_;
  carried_tracks tracks_;
  memory_target bytes_;
  std::unique_ptr<lavf_output> output_;  // null while there is nothing to carry
  chunk_ptr header_;
  unsigned fragments_ = 0;
};

/// Transport stream packets, each frame a PES packet of its own. Every key frame has PAT, PMT and parameter sets in
/// front of it; the header is the newest tables, for those who begin elsewhere, and empty before the first. New
/// parameter sets of the same codec come with the frame that needs them; any other change of a track begins a new
/// version of the tables, while continuity counters go on. Owner and threads: see muxer.
class ts_muxer final : public muxer {
 public:
  explicit ts_muxer(const std::vector<track_ptr>& tracks, const muxer_options& options = {});

  chunk_ptr header() const override { return header_; }
  chunk_ptr write(const frame& f) override;

 private:
  static constexpr std::size_t pid_count = 8192;

  void restart();
  bool needs_restart(const track_ptr& before, const track_ptr& now) const noexcept;
  /// An access unit with start codes; empty if nothing of it can be used.
  bytes_view with_start_codes(const frame& f, bool with_sets);
  void keep_continuity(std::vector<std::uint8_t>& packets);
  void remember_tables(const std::vector<std::uint8_t>& packets);

  muxer_options options_;
  carried_tracks tracks_;
  memory_target bytes_;
  std::unique_ptr<lavf_output> output_;  // null while there is nothing to carry
  chunk_ptr header_;
  std::vector<std::uint8_t> unit_;  // room for with_start_codes()
  unsigned table_version_ = 0;
  std::array<std::uint8_t, pid_count> last_counter_{};    // with bit 7: there was one
  std::array<std::uint8_t, pid_count> counter_offset_{};  // to the library's own; with bit 7: known
};

}  // namespace berth::net
