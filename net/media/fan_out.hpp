// From one writer to many readers: the newest frames of a stream, kept so that a viewer can begin at once.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "net/base/time.hpp"
#include "net/media/frame.hpp"
#include "net/media/schema.hpp"

namespace berth::net {

/// A ring of frames with absolute numbers. It holds the group of pictures under way, and while somebody reads the one
/// before too, within bounds; that is the queue of every reader at once: who falls behind it goes on at a key frame.
/// One per stream life, shared by the stream and all who read. The first group of members is for the stream's reactor
/// thread only; the others are for any thread. A reader never holds the writer up: the lock is held for copying
/// pointers. A ring that has ended, and has no place any more, is empty: who holds it then holds no media.
class fan_out final : public frame_sink {
 public:
  struct limits {
    std::size_t frames = 1024;
    std::size_t bytes = 32 * 1024 * 1024;
  };
  using wake_function = std::function<void()>;

  fan_out() : fan_out(limits{}) {}
  explicit fan_out(limits l) : limits_(l) {}
  fan_out(const fan_out&) = delete;
  fan_out& operator=(const fan_out&) = delete;

  // ---- the writer

  /// Takes a frame; readers are woken by publish(), once for all frames of a batch.
  void on_frame(frame_ptr f) override;
  void publish();
  /// The tracks are complete: until then readers get nothing. Called again when they change.
  void set_tracks(std::vector<track_ptr> tracks);
  /// Nothing more comes: readers are woken and find it out; what they have not read waits for them. Idempotent.
  void end();

  // ---- the readers

  /// Where a reader stands. A value of its own; `fan_out` fills it.
  struct position {
    std::uint64_t next = 0;  ///< number of the frame that comes next
    bool begun = false;      ///< a first frame was read: until then the reader waits for a key frame
  };
  struct batch {
    std::vector<frame_ptr> frames;
    std::uint64_t skipped = 0;  ///< frames that were gone before they could be read
    bool ended = false;         ///< the stream is over, and all of it was read
  };
  /// What is new for a reader, in order; the first frame it gets is a key frame.
  batch read(position& at, std::size_t most = SIZE_MAX) const;

  /// A reader's place: gives it up when destroyed.
  class place {
   public:
    place(fan_out& of, wake_function wake);
    ~place();
    place(const place&) = delete;
    place& operator=(const place&) = delete;
    /// Call it before read(): a frame that comes later wakes again.
    void rearm() noexcept { woken_.store(false, std::memory_order_seq_cst); }

   private:
    friend class fan_out;
    void wake_once();

    fan_out& of_;
    wake_function wake_;
    std::atomic<bool> woken_{false};
    std::list<place*>::iterator self_;
  };
  /// `wake` is called on the writer's thread, under a lock, once until the next rearm(): it only posts.
  std::unique_ptr<place> join(wake_function wake) { return std::make_unique<place>(*this, std::move(wake)); }

  std::vector<track_ptr> tracks() const;  ///< empty until they are complete
  bool ended() const noexcept { return ended_.load(std::memory_order_acquire); }

  // viewers, for the figures and for those who close what nobody watches
  void viewer_came(schema as) noexcept;
  void viewer_left(schema as, time_point now) noexcept;
  int viewers(schema as) const noexcept { return viewers_[static_cast<std::size_t>(as)].load(); }
  int viewers() const noexcept;
  /// When the last viewer left; the epoch if none has been there.
  time_point unwatched_since() const noexcept { return time_point{duration{unwatched_since_.load()}}; }

  struct figures {
    std::size_t frames = 0;  ///< kept
    std::size_t bytes = 0;
    std::uint64_t gop_frames = 0;  ///< of the last complete group of pictures
    duration gop_length{};
  };
  figures figures_now() const;

 private:
  std::uint64_t end_number() const noexcept { return first_ + ring_.size(); }
  void drop_front();
  void trim();
  void drop_if_over();

  const limits limits_;
  mutable std::mutex mutex_;
  std::deque<frame_ptr> ring_;
  std::uint64_t first_ = 0;  // number of ring_.front()
  std::size_t bytes_ = 0;
  std::uint64_t gop_ = 0;  // number of the newest key frame
  std::uint64_t previous_gop_ = 0;
  bool has_gop_ = false;
  bool has_video_ = false;
  figures last_gop_;
  std::vector<track_ptr> tracks_;
  std::list<place*> places_;
  std::atomic<bool> ended_{false};
  std::array<std::atomic<int>, schema_count> viewers_{};
  std::atomic<std::int64_t> unwatched_since_{0};
};
using fan_out_ptr = std::shared_ptr<fan_out>;

}  // namespace berth::net
