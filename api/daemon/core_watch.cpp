#include "api/daemon/core_watch.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <string>
#include <utility>

namespace berth::api {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr auto interval = 250ms;
/// The core shows itself ten times a second.
constexpr net::duration longest_absence = 1s;

std::string in_seconds(net::duration time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count()) + " s";
}

}  // namespace

asio::awaitable<void> core_watch::run() {
  asio::steady_timer timer{co_await asio::this_coro::executor};
  for (;;) {
    timer.expires_after(interval);
    co_await timer.async_wait(asio::use_awaitable);
    try {
      look(net::clock::now());
    } catch (const std::exception& e) {
      with_.log.error(std::string{"the watch over the core was disturbed, and goes on: "} + e.what());
    }
  }
}

void core_watch::look(net::time_point now) {
  const auto silence = with_.silence();
  if (silence > longest_absence)
    with_.stand_in.help(with_.server);
  else
    with_.stand_in.stop_helping();
  // Twice in a row: a machine that was asleep as a whole has a core that is only about to wake.
  const bool late = silence > actors::core_patience;
  const bool stuck = std::exchange(late_, late) && late;
  // A stuck core answers nobody, however patient he is.
  with_.client.expire(stuck ? net::time_point::max() : now);
  if (stuck) with_.server.speak_for(did_not_answer);
  if (stuck == std::exchange(stuck_, stuck)) return;
  if (stuck)
    with_.log.error("the core has not shown itself for " + in_seconds(silence) +
                    ": calls are answered with errors until it does, /v1/health/live with 503");
  else
    with_.log.info("the core answers again");
}

}  // namespace berth::api
