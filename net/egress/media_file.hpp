// Frames into a file that players open.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "net/base/result.hpp"
#include "net/egress/carried_tracks.hpp"
#include "net/egress/disk_file.hpp"
#include "net/egress/flv_muxer.hpp"
#include "net/egress/lavf_output.hpp"

namespace berth::net {

enum class file_format : std::uint8_t { mp4, flv };

struct file_options {
  file_format format = file_format::mp4;
  /// MP4: a fragment for every group of pictures, so that a crash costs the last one only. Without, the index comes
  /// at the end, and a crash costs the file.
  bool fragmented = true;
  bool enhanced_flv = false;  ///< see muxer_options
};

struct recorded {
  std::uint64_t bytes = 0;
  std::chrono::milliseconds duration{};
  std::string error;  ///< empty: the file is whole; otherwise it ends where writing failed
};

/// Writes one file, beginning with the first key frame (or the first frame, if there is no video) at time 0. G.711
/// makes an MP4 with QuickTime's brand, since MP4 knows it only there. Owned by one recording and touched by its
/// thread, which may block on the disk. Closes itself when destroyed.
class file_recorder {
 public:
  static result<std::unique_ptr<file_recorder>, std::string> open(const std::string& path,
                                                                  const std::vector<track_ptr>& tracks,
                                                                  const file_options& options = {});
  file_recorder(const file_recorder&) = delete;
  file_recorder& operator=(const file_recorder&) = delete;
  ~file_recorder();

  /// Whether the frame can go into this file. An MP4 describes its tracks but once: a track that has changed or come
  /// later needs a new file. Frames of a codec that no file carries fit, and are passed over.
  bool fits(const frame& f) const;
  /// Empty, or why the frame is not in the file. After a failure of the disk every call says the same.
  std::string write(const frame& f);
  /// Idempotent.
  recorded close();

 private:
  file_recorder(const std::string& path, const std::vector<track_ptr>& tracks, const file_options& options);

  std::string start();
  int write_mp4(const frame& f);
  int write_flv(const frame& f);
  int finish_mp4();
  int finish_flv();
  std::string complaint_of(int error) const;

  const file_options options_;
  carried_tracks tracks_;
  disk_file file_;
  std::unique_ptr<lavf_output> mp4_;
  std::unique_ptr<flv_muxer> flv_;
  std::vector<track_ptr> given_;
  std::uint64_t header_size_ = 0;
  std::string failure_;
  bool begun_ = false;
  bool closed_ = false;
  std::int64_t origin_ = 0;  // dts of the first frame
  std::int64_t end_ = 0;     // of the latest frame
  std::array<frame_pace, 2> paces_;
  std::uint64_t whole_ = 0;  // MP4: bytes up to the end of the last fragment
};

}  // namespace berth::net
