// A core that fails or is stuck: who waits for it is answered, and who watches it knows.
#include "api/core/core.hpp"

#include <future>
#include <latch>
#include <memory>
#include <stdexcept>

#include "api/config/config_store.hpp"
#include "api/routes/health_routes.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/condition.hpp"
#include "tests/support/fake_sockets.hpp"
#include "tests/support/reserved_ports.hpp"
#include "tests/support/router_call.hpp"

using namespace berth;
using namespace berth::api;
using namespace berth::tests;
using namespace std::chrono_literals;

namespace {

struct no_hooks final : actors::hook_transport {
  void post(std::shared_ptr<const actors::hook_delivery>, std::function<void(actors::hook_outcome)> done) override {
    done(actors::hook_outcome::delivered());
  }
};

/// Real threads and sockets, which fail as a test says.
struct broken_node {
  explicit broken_node(net::source_factory fetching = {}) {
    config_sources sources;
    const auto range = ports.range();
    sources.set_arguments = {"rtp_proxy.port_range=" + std::to_string(range.first) + "-" + std::to_string(range.last)};
    auto opened = config_store::open(std::move(sources));
    REQUIRE(opened);
    node = std::make_unique<core>(
        *(*opened)->current(),
        core::dependencies{.sockets = sockets,
                           .hooks = hooks,
                           .sources = std::move(fetching),
                           .on_event = [](const actors::event_ptr&) {},
                           .failed = [this](const std::string& why) { failure.set_value(why); }});
  }
  actors::open_request open_of(const std::string& id) const {
    actors::open_request r;
    r.key = {"__defaultVhost__", "rtp", id};
    r.what = actors::rtp_port{};
    return r;
  }
  template <class Message>
  std::future<actors::answer_of<Message>> ask(const core_client& client, Message m) {
    auto answer = std::make_shared<std::promise<actors::answer_of<Message>>>();
    client.ask(std::move(m), [answer](actors::answer_of<Message> a) { answer->set_value(std::move(a)); });
    return answer->get_future();
  }

  reserved_ports ports{4};
  net::posix_socket_factory real;
  failing_sockets sockets{real};
  no_hooks hooks;
  std::promise<std::string> failure;
  std::unique_ptr<core> node;
};

/// Has nothing, says so, and takes its time to go.
class void_source final : public net::media_source {
 public:
  explicit void_source(std::latch& may_go) : may_go_(may_go) {}
  ~void_source() override { may_go_.wait(); }
  std::deque<net::source_item> take() override { return {{net::source_item::kind::ended, {}, {}, "nobody is there"}}; }
  void stop() override {}
  void seek(net::duration) override {}
  void set_speed(double) override {}

 private:
  std::latch& may_go_;
};

}  // namespace

TEST_CASE("core: a stream that could not be fetched is gone for whoever was told so, however long its actor takes") {
  std::latch may_go{1};
  broken_node b{[&](net::source_options_ptr, std::function<void()> wake) {
    wake();
    return std::make_unique<void_source>(may_go);
  }};
  const auto client = b.node->client();
  actors::sourced from;
  from.source = std::make_shared<net::source_options>(net::source_options{.url = "rtsp://192.0.2.1/cam"});
  from.publish.emplace();
  auto wanted = b.open_of("cam");
  wanted.what = std::move(from);
  auto opening = b.ask(client, std::move(wanted));
  REQUIRE(opening.wait_for(20s) == std::future_status::ready);
  const auto refused = opening.get();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().text == "nobody is there");
  auto asking = b.ask(client, actors::query_request{{"__defaultVhost__", "rtp", "cam"}});
  auto listing = b.ask(client, actors::list_request{});
  REQUIRE(asking.wait_for(20s) == std::future_status::ready);
  REQUIRE(listing.wait_for(20s) == std::future_status::ready);
  CHECK(asking.get().error().code == actors::errc::not_found);
  CHECK(listing.get()->streams.empty());
  may_go.count_down();
}

TEST_CASE("core: a supervisor that throws is reported with why, and leaves no question open") {
  broken_node b;
  const auto client = b.node->client();
  b.sockets.fault = [](socket_call, int, const net::endpoint&) -> int { throw std::runtime_error("out of ink"); };
  auto opening = b.ask(client, b.open_of("cam"));
  CHECK(b.failure.get_future().get() == "out of ink");
  REQUIRE(opening.wait_for(20s) == std::future_status::ready);
  CHECK_FALSE(opening.get());
  auto asking = b.ask(client, actors::query_request{{"__defaultVhost__", "rtp", "cam"}});
  REQUIRE(asking.wait_for(20s) == std::future_status::ready);
  CHECK(asking.get().error().code == actors::errc::shutting_down);
}

TEST_CASE(
    "core: while the supervisor is stuck its silence grows, questions are ended without it, and all is well again") {
  broken_node b;
  const auto client = b.node->client();
  std::promise<void> entered;
  std::latch go_on{1};
  b.sockets.fault = [&](socket_call, int n, const net::endpoint&) {
    if (n == 1) {
      entered.set_value();
      go_on.wait();
    }
    return 0;
  };
  auto opening = b.ask(client, b.open_of("cam"));
  entered.get_future().wait();
  auto asking = b.ask(client, actors::query_request{{"__defaultVhost__", "rtp", "cam"}});
  const auto stuck = net::clock::now();
  CHECK(b.node->silence(stuck + 6s) >= 6s);
  client.expire(stuck + 10s);
  REQUIRE(asking.wait_for(0s) == std::future_status::ready);
  CHECK(asking.get().error().text == "the core did not answer in time");
  go_on.count_down();
  CHECK(eventually(20s, [&] { return b.node->silence(net::clock::now()) < 1s; }));
  auto again = b.ask(client, actors::query_request{{"__defaultVhost__", "rtp", "cam"}});
  REQUIRE(again.wait_for(20s) == std::future_status::ready);
  CHECK(again.get());
}

TEST_CASE("health: live while the core shows itself, 503 with how long it has not") {
  caf::actor_system_config no_settings;
  caf::actor_system system{no_settings};
  const core_client nobody{system, {}, {}, {}};
  net::duration silence = 100ms;
  bool ready = true;
  router routes;
  add_health_routes(routes, {.core = nobody, .ready = [&] { return ready; }, .silence = [&] { return silence; }});
  const auto get = [&](const std::string& path) { return get_from(routes, path); };
  CHECK(get("/v1/health/live").status == 200);
  silence = 5100ms;
  const auto dead = get("/v1/health/live");
  CHECK(dead.status == 503);
  CHECK(dead.body.find("the core has not shown itself for 5100 ms") != std::string::npos);
  CHECK(get("/v1/health/ready").status == 503);
  ready = false;
  silence = 0ms;
  CHECK(get("/v1/health/live").status == 200);
  CHECK(get("/v1/health/ready").status == 503);
}
