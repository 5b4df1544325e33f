// Web hooks over HTTP: one POST a try.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "actors/events/hook.hpp"

namespace berth::api {

/// Posts deliveries over http:// and https://, on connections it keeps and uses again: at most max_connections of them
/// wait for a next use, a receiver. How many are busy is up to the caller.
/// Owned by the daemon, which also runs the io_context and destroys it after the client. post() and stop() may be
/// called from any thread; `body` is called on the io_context's.
class hook_client final : public actors::hook_transport {
 public:
  using body_source = std::function<std::string(const actors::hook_delivery&)>;

  /// Certificates are verified against `trust`, by default the system's store.
  hook_client(boost::asio::io_context& io, body_source body, boost::asio::ssl::context trust = system_trust());
  ~hook_client() override;

  void post(std::shared_ptr<const actors::hook_delivery> delivery,
            std::function<void(actors::hook_outcome)> done) override;

  /// Ends all tries: each outstanding `done` has been called on return, and every later post() fails at once.
  /// Connections are closed on the io_context, if it still runs.
  void stop();

  static boost::asio::ssl::context system_trust();

 private:
  class core;  // outlives the client while the io_context holds operations
  std::shared_ptr<core> core_;
};

/// What an HTTP answer says. `text` is its body.
actors::hook_outcome hook_answer(unsigned status, std::string_view text);

/// "sha256=" and the HMAC-SHA256 (RFC 2104) of the body in hexadecimal.
std::string hook_signature(std::string_view secret, std::string_view body);

}  // namespace berth::api
