#include "actors/supervisor/tally.hpp"

#include <numeric>

#include "tests/support/catch.hpp"
#include "tests/support/harbour.hpp"

using namespace berth::actors;
using namespace berth::tests;
using namespace berth;

TEST_CASE("figures of many streams are added up in parts, and what ends meanwhile is counted once") {
  static constexpr int fetched = 1200;
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    INFO("seed " << seed);
    harbour h{4, seed};
    h.settings.max_sources = fetched;
    h.apply();
    // Between the first and the last key there are more streams than a part has.
    for (int i = 0; i < fetched; ++i) {
      auto r = h.request("fetched" + std::to_string(i));
      r.what = sourced{.source = std::make_shared<net::source_options>()};
      caf::anon_send(h.supervisor, std::move(r));
    }
    h.lab.run();
    REQUIRE(h.told(event_kind::stream_opened) == fetched);
    camera first{1}, last{2};
    const auto feed = [&](camera& from, const std::string& id, int packets) {
      const auto port = h.query(id)->port();
      for (int i = 0; i < packets; ++i) from.send(port);
    };
    for (const auto* id : {"a", "z", "zz"}) REQUIRE(h.open(id));
    feed(first, "a", 2);
    feed(last, "z", 3);
    h.receive();
    REQUIRE(h.stats().totals.accepted == 5);

    auto asked = h.lab.self->request(h.supervisor, caf::infinite, stats_request{});
    for (const auto* id : {"a", "z", "zz"}) caf::anon_send(h.supervisor, close_request{h.key(id), {}, false});
    auto asked_later = h.lab.self->request(h.supervisor, caf::infinite, stats_request{});
    h.lab.run_shuffled();
    h.receive();
    const auto check = [](auto pending) {
      pending.receive(
          [&](const outcome<node_stats>& all) {
            REQUIRE(all);
            CHECK(all->totals.accepted == 5);
            CHECK(std::accumulate(all->streams.begin(), all->streams.end(), 0) >= fetched);
          },
          [](const caf::error&) { FAIL("no answer"); });
    };
    check(std::move(asked));
    check(std::move(asked_later));
    CHECK(h.stats().totals.accepted == 5);
    CHECK(h.stats().closes[static_cast<std::size_t>(close_reason::requested)] == 3);
  }
}
