// A listener, and the life of all its connections.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "api/http/byte_stream.hpp"
#include "api/http/context_pool.hpp"
#include "api/http/server_session.hpp"
#include "api/http/taken_connection.hpp"
#include "net/base/endpoint.hpp"
#include "net/base/result.hpp"

namespace berth::api {

/// What a server's connections speak. Its functions are called from all threads of the server.
struct tcp_service {
  /// Makes what keeps a connection counted that is given away.
  using place_function = std::function<std::shared_ptr<void>()>;

  std::string name;  ///< of the protocol, for people
  std::function<std::shared_ptr<server_session>(std::shared_ptr<byte_stream> stream, const net::endpoint& peer,
                                                const net::endpoint& local, place_function take_place)>
      make;
  std::function<std::size_t()> max_connections;
  /// Takes a sentence for the log: a session that threw. May be empty.
  std::function<void(std::string_view)> log;
};

/// Accepts connections on one port and runs a session for each, which stays on the thread that it was placed on.
/// Owned by the composition root; each io_context is run by one thread, and has to outlive it. All members may be called
/// from any thread. Destroy it after stop() has reported, or once nobody runs the io_contexts any more.
class tcp_server {
 public:
  tcp_server(boost::asio::io_context& io, tcp_service service);
  /// Accepts on one thread, and serves on others.
  tcp_server(boost::asio::io_context& accepts, context_pool& serve, tcp_service service);
  ~tcp_server();
  tcp_server(const tcp_server&) = delete;
  tcp_server& operator=(const tcp_server&) = delete;

  /// Binds and accepts from now on; "::" takes IPv4 too, port 0 takes a free one. Gives the port, or says what failed.
  net::result<std::uint16_t, std::string> listen(std::string_view address, std::uint16_t port);
  /// Accepts what comes to the port of `other`, too: for as long as that one does not get to it. Nothing happens if it
  /// does so already, or `other` does not listen.
  void help(const tcp_server& other);
  void stop_helping();
  /// For when its threads are stuck: whoever waits for an answer is told that there is none. From any other thread.
  void speak_for(std::string_view why) const;
  /// 0 before listen().
  std::uint16_t local_port() const noexcept;
  /// Open now, those that were given away included.
  std::size_t connections() const;

  /// No new connections; idle ones are closed, running requests get their replies. What is left after `patience` is
  /// cut. Then calls `done`, once, on a thread of the server. A second call only shortens nothing: it is ignored.
  void stop(std::chrono::milliseconds patience, std::function<void()> done);

 protected:
  using make_session = std::function<std::shared_ptr<server_session>(std::shared_ptr<byte_stream>)>;
  /// Serves a connection that another server has accepted, and counts for as long as its place is held.
  void adopt(taken_connection taken, const make_session& make);

 private:
  class core;
  std::shared_ptr<core> core_;
};

}  // namespace berth::api
