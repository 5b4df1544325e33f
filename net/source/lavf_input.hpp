// A source that libavformat reads: a stream of another server, or a file.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "net/source/media_source.hpp"

struct AVFormatContext;
struct AVPacket;

namespace berth::net {

/// Opens and reads, and waits while it does so: for threads that may. Every wait ends with the time-out, or when
/// `stopped` becomes true. Touched by one thread; what `stopped` refers to must outlive it.
class lavf_input {
 public:
  static result<std::unique_ptr<lavf_input>, std::string> open(const source_options& what, const url_policy& admit,
                                                               const std::atomic<bool>& stopped);
  lavf_input(const lavf_input&) = delete;
  lavf_input& operator=(const lavf_input&) = delete;
  ~lavf_input();

  /// Of what follows, in place of the options' one.
  void set_timeout(duration d) noexcept { timeout_ = d; }
  /// None if that is not known before its frames come.
  std::optional<announced_tracks> announced() const;
  bool has_served_tracks() const;

  enum class outcome : std::uint8_t { unit, end, failed };
  /// The next frame of a served track.
  outcome read(container_unit& into);
  /// Where the frame that was read last stands, from the beginning.
  duration position() const noexcept { return position_; }
  /// At or before that place; false if it can not be.
  bool seek(duration to);
  /// Why something failed.
  const std::string& complaint() const noexcept { return complaint_; }

 private:
  struct input_track {
    elementary_stream stream;
    std::shared_ptr<const std::vector<std::uint8_t>> configuration;
  };

  lavf_input(const source_options& what, const std::atomic<bool>& stopped);
  static int interrupted(void* self);
  int start(const url_policy& admit);
  int connect(const admitted_url& at);
  int look_where_it_led(const std::string& asked, const url_policy& admit);
  const input_track* track_of(const AVPacket& packet);
  bool fill(container_unit& into, const AVPacket& packet);

  const source_options what_;
  const std::atomic<bool>& stopped_;
  duration timeout_;
  time_point deadline_{};
  AVFormatContext* context_ = nullptr;
  AVPacket* packet_ = nullptr;
  bool stamped_by_rtp_ = false;
  std::vector<input_track> tracks_;
  duration position_{};
  std::string complaint_;
};

}  // namespace berth::net
