// Reads server-sent events as a browser would, with a bound on every wait.
#pragma once

#include <boost/json.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "net/base/unique_fd.hpp"

namespace berth::tests {

struct sent_event {
  std::string id, name;
  boost::json::object data;
};

/// One connection to /v1/events. Owned by a test, one thread at a time.
class event_follower {
 public:
  /// `more`: further header lines, each with its end. Throws unless the answer is 200 and an event stream.
  event_follower(std::uint16_t port, const std::string& secret, const std::string& query = {},
                 const std::string& more = {});

  /// The next event; nothing if none comes in time or the server has ended the stream.
  std::optional<sent_event> next(std::chrono::milliseconds patience = std::chrono::seconds{10});
  /// Whether the server ends the stream in time; events are passed over.
  bool ended(std::chrono::milliseconds patience = std::chrono::seconds{10});

 private:
  bool read_more(std::chrono::steady_clock::time_point deadline);
  std::optional<std::string> block(std::chrono::steady_clock::time_point deadline);

  net::unique_fd socket_;
  std::string unread_;
  bool ended_ = false;
};

}  // namespace berth::tests
