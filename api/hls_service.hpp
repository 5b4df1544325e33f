// HTTP Live Streaming of streams that somebody asks for, in memory.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "actors/messages.hpp"
#include "net/fan_out.hpp"
#include "net/hls_segmenter.hpp"

namespace berth::api {

/// One stream cut into segments for as long as players ask for them. Fed by the stream on a worker's thread, read by
/// HTTP threads; one lock for both. Counts as one viewer. Dies when its service forgets it.
class hls_session : public std::enable_shared_from_this<hls_session> {
 public:
  hls_session(net::fan_out_ptr frames, const net::hls_options& options, boost::asio::thread_pool& workers);
  ~hls_session();

  void begin();
  /// Empty before the first segment is complete.
  std::string playlist();
  net::chunk_ptr segment(std::string_view name);
  /// Calls `f` once there is a segment, or the stream has ended; at once if that is so.
  void when_ready(std::function<void()> f);

  net::time_point last_asked() const;

 private:
  void advance();

  net::fan_out_ptr frames_;
  boost::asio::thread_pool& workers_;
  mutable std::mutex mutex_;
  net::hls_segmenter segmenter_;
  net::fan_out::position at_;
  net::time_point last_asked_;
  std::vector<std::function<void()>> waiting_;
  bool ended_ = false;
  std::unique_ptr<net::fan_out::place> place_;
};

/// The sessions by stream life and container. Owned by the daemon; any thread may call it.
class hls_service {
 public:
  static constexpr auto patience = std::chrono::seconds{60};  ///< without a request, then a session is forgotten

  explicit hls_service(boost::asio::thread_pool& workers) : workers_(workers) {}

  /// The session of this life of a stream, by the name that it was asked for; one of a former life gives way.
  std::shared_ptr<hls_session> session_for(const actors::stream_key& name, const actors::watched& stream,
                                           const net::hls_options& options);
  /// The session that is there, for the segments that its playlist has named; null if there is none.
  std::shared_ptr<hls_session> find(const actors::stream_key& stream, net::container as);
  /// Forgets what nobody asks for: call it about once a second.
  void expire(net::time_point now);
  void clear();

 private:
  using key = std::pair<actors::stream_key, net::container>;
  struct entry {
    actors::generation_t generation = 0;
    std::shared_ptr<hls_session> session;
  };

  boost::asio::thread_pool& workers_;
  std::mutex mutex_;
  std::map<key, entry> sessions_;
};

}  // namespace berth::api
