// Streams on their way to disk: which ones are recorded, and the files that come of it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "actors/contract/event.hpp"
#include "actors/contract/watching.hpp"
#include "api/core/settings.hpp"

namespace berth::api {

enum class recording_kind : std::uint8_t { mp4, flv };

struct recording_request {
  actors::media_handle of;
  recording_kind kind = recording_kind::mp4;
  std::uint32_t max_second = 0;  ///< of one file; 0 = the stream's
  std::string folder;            ///< below the record root; empty = by the stream's name
};

/// Records as many streams as are asked for. Each reads its stream's fan-out and writes on the disk's thread: a slow
/// disk makes it fall behind and go on at a key frame, a full one ends it; the stream notices neither.
/// Owned by the daemon; any thread may call it. stop_all() before the disk's threads end.
class recorder {
 public:
  struct dependencies {
    boost::asio::thread_pool& disk;
    std::function<recording_settings()> settings;
    std::function<void(actors::event)> tell;  ///< files that are complete, and recordings that failed
    /// The media of a stream that is to be recorded from its beginning; the answer comes on any thread.
    std::function<void(actors::media_request, std::function<void(actors::outcome<actors::media_handle>)>)> media;
  };

  explicit recorder(dependencies given);
  ~recorder();

  /// The reason if it was refused. What fails later ends the recording and is told as an event.
  std::optional<std::string> start(recording_request request);
  /// False if nothing was recorded. The file is complete when it returns.
  boost::asio::awaitable<bool> stop(actors::stream_key key, recording_kind kind);
  bool is_recording(const actors::stream_key& key, recording_kind kind) const;
  /// Records streams that were published with enable_mp4.
  void follow(const actors::event& e);
  /// Completes all files.
  void stop_all();

 private:
  class job;
  using job_key = std::pair<actors::stream_key, recording_kind>;

  void forget(const job_key& key, const job* done);

  dependencies given_;
  mutable std::mutex mutex_;
  std::map<job_key, std::shared_ptr<job>> jobs_;
};

}  // namespace berth::api
