// One container of one stream: muxed once, read by all its viewers.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "net/egress/container.hpp"
#include "net/media/fan_out.hpp"

namespace berth::net {

/// Reads a stream's fan-out and keeps a bounded ring of chunks with absolute numbers; that ring is the queue of every
/// viewer at once: who falls behind it goes on at the newest key chunk. Made for the first viewer and gone with the
/// last, so that nothing is muxed while nobody watches; a new one begins with the group of pictures under way.
/// Any thread may call it. advance() holds the lock while it muxes; read() only copies pointers.
class packager {
 public:
  struct limits {
    std::size_t chunks = 1024;
    std::size_t bytes = 32 * 1024 * 1024;
  };

  packager(fan_out_ptr frames, container as, const muxer_options& options)
      : packager(std::move(frames), as, options, limits{}) {}
  packager(fan_out_ptr frames, container as, const muxer_options& options, limits l);

  /// Takes what is new from the fan-out. False if nothing was.
  bool advance();

  /// Where a viewer stands. A value of its own; the packager fills it.
  struct position {
    std::uint64_t next = 0;  ///< number of the chunk that comes next
    bool begun = false;      ///< a key chunk was read: until then the viewer waits for one
    chunk_ptr header;        ///< the newest one it was given
  };
  struct batch {
    std::vector<chunk_ptr> chunks;
    std::uint64_t skipped = 0;  ///< chunks that were gone before they could be read
    bool ended = false;         ///< the stream is over, and all of it was read
  };
  /// What is there for a viewer, in order: the header, if there is anything in it, then a key chunk and what follows.
  /// At least one chunk if there is any; beyond that no more than most_bytes and most_chunks.
  batch read(position& at, std::size_t most_bytes, std::size_t most_chunks = SIZE_MAX) const;

  std::size_t bytes() const;  ///< held in the ring now

 private:
  void add(chunk_ptr c);
  void begin(position& at, batch& out) const;
  std::uint64_t end_number() const noexcept { return first_ + ring_.size(); }

  const fan_out_ptr frames_;
  const container as_;
  const muxer_options options_;
  const limits limits_;

  mutable std::mutex mutex_;      // guards what follows
  std::unique_ptr<muxer> muxer_;  // from the first frame on
  fan_out::position at_;
  std::deque<chunk_ptr> ring_;
  std::uint64_t first_ = 0;  // number of ring_.front()
  std::size_t bytes_ = 0;
  std::uint64_t key_ = 0;  // number of the newest key chunk
  bool has_key_ = false;
  chunk_ptr header_;      // of that chunk
  chunk_ptr resumption_;  // the same for a viewer that has had another header
  bool ended_ = false;
};

}  // namespace berth::net
