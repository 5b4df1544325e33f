// One client's connection: bytes become requests, replies become bytes.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "api/http/byte_stream.hpp"
#include "api/http/http_fault.hpp"
#include "api/http/http_reply.hpp"
#include "api/http/http_request.hpp"
#include "api/http/http_settings.hpp"
#include "api/http/last_word.hpp"
#include "api/http/server_session.hpp"
#include "net/base/endpoint.hpp"
#include "net/base/time.hpp"

namespace berth::api {

class stream_writer;

/// What every session of a server shares. Its functions are called from all threads of the server.
struct http_service {
  const http_settings_holder& settings;
  /// Answers any request (router::dispatch); the request outlives the coroutine.
  std::function<boost::asio::awaitable<http_reply>(http_request&)> answer;
  fault_reply fault = default_fault_reply;
  /// Takes a sentence for the log: a handler that threw. May be empty.
  std::function<void(std::string_view)> log;
  /// Takes each call that is over while settings.debug_log is on. May be empty.
  std::function<void(http_request&&, const http_reply&, std::chrono::microseconds took)> access_log;
  /// For the Date header.
  std::function<net::wall_time()> now = net::wall_clock::now;
  /// Takes the connection of a request that is not answered on these threads. Empty: all are.
  std::function<bool(const http_request&)> is_elsewhere{};
  std::function<void(taken_connection, http_request)> elsewhere{};
};

/// Serves one connection until either side closes it. Requests that come in one go are answered in order, one at a
/// time.
class http_session final : public server_session, public std::enable_shared_from_this<http_session> {
 public:
  /// Makes what keeps a connection counted that is given away.
  using place_function = std::function<std::shared_ptr<void>()>;

  http_session(std::shared_ptr<byte_stream> stream, net::endpoint peer, net::endpoint local,
               const http_service& service, place_function take_place = {});
  ~http_session() override;
  http_session(const http_session&) = delete;
  http_session& operator=(const http_session&) = delete;

  /// Before run(): a request that was read from the connection, and what was read behind it.
  void begin_with(http_request first, std::string unread);
  boost::asio::awaitable<void> run() override;
  boost::asio::awaitable<void> turn_away() override;
  /// A streamed reply is told to end.
  void stop() override;
  void abort() noexcept override;
  void speak_for(std::string_view why) override;

 private:
  struct request_complete {};
  struct connection_ended {};
  struct refusal {
    http_fault fault;
    std::string detail;
  };
  using reading = std::variant<request_complete, connection_ended, refusal>;

  boost::asio::awaitable<reading> read_request(http_request& request);
  boost::asio::awaitable<bool> answer(http_request& request);
  void log_call(http_request request, const http_reply& reply, std::chrono::microseconds took) const;
  bool moved(http_request& request);
  std::optional<taken_connection> release();
  bool give_away(const http_request& request, const http_reply& reply);
  boost::asio::awaitable<bool> send(const http_request& request, const http_reply& reply, bool keep_alive);
  boost::asio::awaitable<void> run_stream(const http_request& request, const http_reply& reply);
  boost::asio::awaitable<void> refuse(const http_request& request, const refusal& why);
  boost::asio::awaitable<boost::system::error_code> read_more();
  boost::asio::awaitable<void> linger();
  void close() noexcept;
  void log(std::string_view line) const;

  std::shared_ptr<byte_stream> stream_;
  net::endpoint peer_;
  net::endpoint local_;
  const http_service& service_;
  place_function take_place_;
  std::shared_ptr<const http_settings> settings_;
  std::optional<http_request> first_;
  std::string unread_;  // read from the stream, not yet parsed
  std::shared_ptr<stream_writer> writer_;
  last_word word_;
  bool idle_ = true;
  bool stopping_ = false;
};

}  // namespace berth::api
