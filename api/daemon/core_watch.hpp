// What becomes of those who wait for the core while it does not answer.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>

#include "api/core/core_client.hpp"
#include "api/daemon/logger.hpp"
#include "api/http/http_server.hpp"

namespace berth::api {

/// Asks nobody, and so waits for nobody, but for a moment at a lock: requests are ended that wait for too long, and
/// while the core is stuck, and the API's thread with it, the viewers' threads answer at its port. Who had asked on a
/// connection of that thread is told, after the core's patience, that there is no answer.
/// Owned by the daemon; runs on a thread that serves nobody.
class core_watch {
 public:
  struct needs {
    const core_client& client;
    std::function<net::duration()> silence;  ///< how long ago the core has shown itself; none on the way down
    http_server& server;                     ///< whose thread is the core's
    http_server& stand_in;                   ///< of other threads
    logger& log;
  };

  explicit core_watch(needs with) : with_(with) {}
  boost::asio::awaitable<void> run();

 private:
  void look(net::time_point now);

  needs with_;
  bool late_ = false, stuck_ = false;  // when it was looked at last
};

}  // namespace berth::api
