// One container of one stream: muxed once, read by all its viewers.
#pragma once

#include <deque>
#include <memory>
#include <mutex>

#include "net/container.hpp"
#include "net/fan_out.hpp"

namespace berth::net {

/// Reads the stream's fan-out and keeps a bounded ring of chunks; that ring is the queue of every viewer at once: who
/// falls behind it goes on at the newest key chunk. Made for the first viewer and gone with the last, so that nothing is
/// muxed while nobody watches. Any thread may call it; the lock is held while new frames are muxed.
class packager {
 public:
  static constexpr std::size_t max_chunks = 1024;
  static constexpr std::size_t max_bytes = 32 * 1024 * 1024;

  packager(fan_out_ptr frames, container as, const muxer_options& options)
      : frames_(std::move(frames)), as_(as), options_(options) {}

  /// Where a viewer stands. A value of its own.
  struct position {
    std::uint64_t next = 0;
    bool begun = false;       ///< it stands behind a key chunk
    bool has_header = false;  ///< a second one in the middle would break the file
  };
  struct batch {
    std::vector<chunk_ptr> chunks;
    std::uint64_t skipped = 0;  ///< chunks that were gone before they could be read
    bool ended = false;
  };
  /// Muxes what is new and gives the viewer what is new for it: first of all the header, then a key chunk. At most
  /// about most_bytes at once.
  batch read(position& at, std::size_t most_bytes);

 private:
  void advance();
  void add(chunk_ptr c);

  fan_out_ptr frames_;
  const container as_;
  const muxer_options options_;
  std::mutex mutex_;
  std::unique_ptr<muxer> muxer_;  // from the first frame on
  fan_out::position at_;
  std::deque<chunk_ptr> ring_;
  std::uint64_t first_ = 0;
  std::size_t bytes_ = 0;
  std::uint64_t key_ = 0;
  bool has_key_ = false;
  bool ended_ = false;
};

}  // namespace berth::net
