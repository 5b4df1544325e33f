#include "api/routes/health_routes.hpp"

#include <chrono>
#include <optional>
#include <string>

#include "api/core/error_table.hpp"
#include "api/http/json.hpp"

namespace berth::api {
namespace {

using reply = boost::asio::awaitable<http_reply>;

std::optional<http_reply> refuse_silent(net::duration silence, const http_request& request) {
  // One that has not shown itself for so long is stuck, and waiting for it helps nobody.
  if (silence <= actors::core_patience) return std::nullopt;
  return problem(503, "the core has not shown itself for " + std::to_string(net::to_ms(silence)) + " ms", request.path);
}

}  // namespace

void add_health_routes(router& to, const health_needs& with) {
  to.add("GET", "/v1/health/live", [with](const http_request& request) -> reply {
    if (auto refused = refuse_silent(with.silence(), request)) co_return std::move(*refused);
    co_return json_reply({{"status", "live"}});
  });
  to.add("GET", "/v1/health/ready", [with](const http_request& request) -> reply {
    if (!with.ready()) co_return problem(503, "starting, or on the way out", request.path);
    if (auto refused = refuse_silent(with.silence(), request)) co_return std::move(*refused);
    // The shortest question there is, to see that it answers.
    actors::list_request nothing;
    nothing.limit = 0;
    const auto answer = co_await with.core.ask(std::move(nothing));
    if (!answer) co_return problem_rejection(answer.error(), request.path);
    co_return json_reply({{"status", "ready"}});
  });
}

}  // namespace berth::api
