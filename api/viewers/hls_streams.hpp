// The streams that players take as HLS.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <map>
#include <mutex>
#include <string_view>
#include <utility>

#include "actors/contract/watching.hpp"
#include "api/viewers/hls_stream.hpp"

namespace berth::api {

/// One session for each life of a stream and form of segments (MPEG-TS, fMP4).
/// Owned by the media service; any thread may call it. Destroy it when those threads have ended.
class hls_streams {
 public:
  /// The session that was opened for this key, if it goes on.
  hls_stream_ptr find(const actors::stream_key& asked_for, net::container as);
  /// The session of this life of a stream, made if there is none. `asked_for` is the key by which it will be found too.
  /// Null once it was stopped.
  hls_stream_ptr open(const actors::stream_key& asked_for, const actors::watched& stream, net::container as,
                      const viewer_settings& settings, const boost::asio::any_io_executor& executor);
  std::size_t size() const;
  void stop();

 private:
  using life = std::pair<actors::generation_t, net::container>;
  using name = std::pair<actors::stream_key, net::container>;

  void forget(const life& l, const hls_stream* session);

  mutable std::mutex mutex_;
  std::map<life, hls_stream_ptr> sessions_;
  std::map<name, std::weak_ptr<hls_stream>> names_;
  std::uint64_t last_ = 0;
  bool stopped_ = false;
};

}  // namespace berth::api
