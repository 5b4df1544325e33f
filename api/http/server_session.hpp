// One client's connection as a server sees it, whatever it speaks.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string_view>

namespace berth::api {

/// Made for one accepted connection, owned by the coroutine that runs it and known to its server; all members but
/// speak_for() are called on the connection's thread.
class server_session {
 public:
  virtual ~server_session() = default;

  /// Serves until either side closes.
  virtual boost::asio::awaitable<void> run() = 0;
  /// One connection too many: says so and closes, without waiting for a request.
  virtual boost::asio::awaitable<void> turn_away() = 0;
  /// An idle session ends at once, a busy one after what it is at.
  virtual void stop() = 0;
  /// Ends now.
  virtual void abort() noexcept = 0;
  /// On another thread, while the connection's own is stuck: if the client waits for an answer he gets one, that there is
  /// none, and the connection ends.
  /// `why`: a sentence for him.
  virtual void speak_for(std::string_view) {}
};

}  // namespace berth::api
