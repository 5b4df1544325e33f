// The beginning of an RTSP connection: what is there, how it is wanted, go.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "api/http/server_session.hpp"
#include "api/http/tcp_server.hpp"
#include "api/viewers/rtsp_message.hpp"
#include "api/viewers/rtsp_viewer.hpp"
#include "api/viewers/viewer_entrance.hpp"

namespace berth::api {

/// What every session shares. Its functions are called from all threads of viewers.
struct rtsp_service {
  const viewer_entrance& in;
  std::function<std::size_t()> max_connections;
  std::function<void(std::string_view)> log;
};

/// Answers OPTIONS, DESCRIBE and SETUP; with PLAY the connection is given to a viewer, which answers the rest.
/// See server_session.
class rtsp_session final : public server_session {
 public:
  rtsp_session(std::shared_ptr<byte_stream> stream, const net::endpoint& peer, const net::endpoint& local,
               const rtsp_service& service, tcp_service::place_function take_place);

  boost::asio::awaitable<void> run() override;
  boost::asio::awaitable<void> turn_away() override;
  void stop() override { abort(); }
  void abort() noexcept override { stream_->close(); }

 private:
  boost::asio::awaitable<std::string> answer(const rtsp_request& request);
  boost::asio::awaitable<std::string> describe(const rtsp_request& request);
  boost::asio::awaitable<std::string> set_up(const rtsp_request& request);
  std::string play(const rtsp_request& request);
  /// Lets the client in, once; a reply if it must stay outside.
  boost::asio::awaitable<std::optional<std::string>> let_in(const rtsp_request& request);
  std::string transport_of(const rtsp_transport& wanted, std::size_t track);
  bool give_away();
  boost::asio::awaitable<bool> write(std::string_view text);

  std::shared_ptr<byte_stream> stream_;
  const net::endpoint peer_, local_;
  const rtsp_service& service_;
  tcp_service::place_function take_place_;
  std::string unread_;
  actors::viewer who_;
  std::optional<actors::watched> watched_;
  std::vector<net::track_ptr> tracks_;
  rtsp_delivery delivery_;
  std::optional<viewer_order> order_;  // from PLAY on
  std::string play_reply_;
};

/// A server whose sessions these are.
tcp_service rtsp_sessions(rtsp_service service);

}  // namespace berth::api
