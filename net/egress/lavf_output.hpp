// A container that libavformat writes, as far as this project asks it to.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/base/bytes.hpp"
#include "net/base/result.hpp"
#include "net/media/frame.hpp"
#include "net/media/frame_pace.hpp"

struct AVFormatContext;
struct AVPacket;

namespace berth::net {

/// Owns the library's context and feeds it frames of one video and one audio track at most, without any queue between
/// them. Owned by a muxer or a recorder, touched by that one's thread; must die before its target.
class lavf_output {
 public:
  /// Takes the container's bytes. Called only inside the members below.
  class target {
   public:
    virtual int write(bytes_view bytes) = 0;  ///< 0 or a negative errno
    /// As lseek(2): the new position or a negative errno. Only if seekable() says so.
    virtual std::int64_t seek(std::int64_t offset, int whence) = 0;
    virtual bool seekable() const = 0;

   protected:
    ~target() = default;
  };
  struct settings {
    const char* format = nullptr;                              ///< "mp4", "mov", "mpegts"
    std::vector<std::pair<const char*, std::string>> options;  ///< of the muxer, by its own names
    track_ptr video, audio;                                    ///< null: without
    bool parameter_sets = true;                                ///< give the video's configuration to the muxer
    /// The muxer sees each track without holes: a frame begins where the one before was expected to end. For muxers
    /// that would bend stamps to that; the true ones are last_dts().
    bool contiguous = false;
  };

  /// Writes the header.
  static result<std::unique_ptr<lavf_output>, std::string> open(const settings& s, target& to);
  lavf_output(const lavf_output&) = delete;
  lavf_output& operator=(const lavf_output&) = delete;
  ~lavf_output();

  /// One frame, with `data` in place of its own; `origin` is subtracted from its stamps. Stamps that the container
  /// could not express are moved: dts grows and is not negative, pts is not before it. 0 or FFmpeg's error code.
  int write(const frame& f, bytes_view data, std::int64_t origin);
  /// Of the frame written last, in units of its track's time scale.
  std::int64_t last_dts() const noexcept { return last_dts_; }
  /// Ends the fragment, or what is gathered otherwise: all of it is at the target then.
  int flush_fragment();
  /// Writes the trailer. Nothing may be written after.
  int finish();

  /// Of the muxer, while it runs.
  void set_option(const char* name, const char* value);

 private:
  struct line {
    int stream = -1;
    std::int64_t next_dts = 0;        // the least that the next frame may have, in the muxer's time base
    std::int64_t contiguous_dts = 0;  // what the muxer is told instead
    frame_pace pace;
  };

  explicit lavf_output(target& to);
  int add_stream(const track& t, const settings& s);
  int start(const settings& s);

  target& to_;
  AVFormatContext* context_ = nullptr;
  AVPacket* packet_ = nullptr;
  std::array<line, 2> lines_;  // by media_kind
  std::int64_t last_dts_ = 0;
  bool contiguous_ = false;
  bool started_ = false;
};

}  // namespace berth::net
