// A connection that says what a test wrote down, and breaks where the test wants it to. No socket, no time.
#pragma once

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstddef>
#include <deque>
#include <string>

#include "api/http/byte_stream.hpp"

namespace berth::api::test {

class scripted_stream : public byte_stream {
 public:
  /// What the client does after its last byte; `wait`: it closes after us.
  enum class at_end { close, time_out, wait };

  explicit scripted_stream(boost::asio::any_io_executor executor) : closed_(executor) {
    closed_.expires_at(boost::asio::steady_timer::time_point::max());
  }

  std::deque<std::string> input;  ///< one element a read
  at_end then = at_end::close;
  std::size_t fail_at = 0;  ///< the read or write, counted from 1, that fails, as do all after it
  std::string output;
  std::size_t operations = 0;
  bool send_ended = false;
  bool closed = false;

  boost::asio::awaitable<read_outcome> read_some(std::span<char> into) override {
    if (broken()) co_return read_outcome{boost::asio::error::connection_reset, 0};
    if (input.empty()) {
      if (then == at_end::wait && !closed && !send_ended)
        co_await closed_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
      co_return read_outcome{then == at_end::time_out
                                 ? boost::asio::error::make_error_code(boost::asio::error::timed_out)
                                 : boost::asio::error::make_error_code(boost::asio::error::eof),
                             0};
    }
    const auto bytes = input.front().copy(into.data(), into.size());
    input.front().erase(0, bytes);
    if (input.front().empty()) input.pop_front();
    co_return read_outcome{{}, bytes};
  }

  boost::asio::awaitable<boost::system::error_code> write(std::span<const std::string_view> parts) override {
    if (broken()) co_return boost::asio::error::connection_reset;
    for (const auto part : parts) output += part;
    co_return boost::system::error_code{};
  }

  void expires_after(std::chrono::milliseconds) override {}
  void expires_never() override {}
  void shutdown_send() noexcept override {
    send_ended = true;
    closed_.cancel();
  }
  void close() noexcept override {
    closed = true;
    closed_.cancel();
  }

 private:
  bool broken() { return closed || (++operations >= fail_at && fail_at != 0); }

  boost::asio::steady_timer closed_;
};

}  // namespace berth::api::test
