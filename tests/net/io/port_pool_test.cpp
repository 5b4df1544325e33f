#include "net/io/port_pool.hpp"

#include <random>
#include <set>
#include <vector>

#include "tests/support/catch.hpp"

using namespace berth::net;
using namespace std::chrono_literals;

namespace {

constexpr time_point begun{1h};

std::optional<std::uint16_t> take(port_pool& pool) {
  const auto port = pool.first_free();
  if (port) pool.hold(*port, 2, port_use::lease);
  return port;
}
void give_back(port_pool& pool, std::uint16_t port) { pool.let_go(port, 2, port_use::lease); }
std::size_t sum(const port_pool& pool) { return pool.free() + pool.leased() + pool.resting() + pool.aside(); }

}  // namespace

TEST_CASE("a range holds the pairs of an even RTP and an odd RTCP port that lie whole in it") {
  CHECK(port_range{30000, 30001}.pairs() == 1);
  CHECK(port_range{30000, 35000}.pairs() == 2500);
  CHECK(port_range{30001, 30004}.pairs() == 1);
  CHECK(port_range{30001, 30002}.pairs() == 0);
  CHECK(port_range{65534, 65535}.pairs() == 1);
}

TEST_CASE("ports are handed out first in, first out") {
  port_pool pool{{30000, 30007}};
  CHECK(take(pool) == 30000);
  CHECK(take(pool) == 30002);
  give_back(pool, 30000);
  CHECK(take(pool) == 30004);
  CHECK(take(pool) == 30006);
  CHECK(take(pool) == 30000);
  CHECK_FALSE(take(pool));
  CHECK(pool.free() == 0);
  CHECK(pool.leased() == 4);
}

TEST_CASE("the start rotates the order and leaves none out") {
  port_pool pool{{30000, 30007}, 1234567};
  std::set<std::uint16_t> seen;
  while (const auto p = take(pool)) seen.insert(*p);
  CHECK(seen == std::set<std::uint16_t>{30000, 30002, 30004, 30006});
}

TEST_CASE("a port holds the pairs that it touches, and a pair is free when nobody holds it any more") {
  port_pool pool{{30000, 30007}};
  pool.hold(30001, 2, port_use::lease);  // RTP 30001, RTCP 30002: two pairs
  CHECK(pool.free() == 2);
  pool.hold(30003, 2, port_use::rest);  // 30002 is leased all the same
  CHECK(pool.free() == 1);
  CHECK(pool.leased() == 2);
  CHECK(pool.resting() == 1);
  pool.hold(30002, 2, port_use::lease);  // at another address
  pool.let_go(30001, 2, port_use::lease);
  CHECK(pool.leased() == 1);
  pool.let_go(30002, 2, port_use::lease);
  CHECK(pool.resting() == 2);
  CHECK(pool.is_leased(30002) == false);
  pool.let_go(30003, 2, port_use::rest);
  CHECK(pool.free() == 4);
  pool.hold(40000, 1, port_use::lease);
  CHECK(pool.outside() == 1);
  CHECK(pool.free() == 4);
  pool.let_go(40000, 1, port_use::lease);
  CHECK(pool.outside() == 0);
}

TEST_CASE("letting go twice lets go once") {
  port_pool pool{{30000, 30003}};
  REQUIRE(take(pool) == 30000);
  give_back(pool, 30000);
  give_back(pool, 30000);
  CHECK(pool.free() == 2);
  CHECK(take(pool) == 30002);
  CHECK(take(pool) == 30000);
  CHECK_FALSE(take(pool));
}

TEST_CASE("a pair that is set aside is not the next one, is tried when there is no other, and is free again in time") {
  port_pool pool{{30000, 30005}};
  pool.set_aside(30000, begun + 1min);
  pool.set_aside(30002, begun + 2min);
  CHECK(pool.aside() == 2);
  CHECK(take(pool) == 30004);
  CHECK_FALSE(pool.first_free());
  CHECK(pool.first_aside() == 30000);
  pool.set_aside(30000, begun + 3min);
  CHECK(pool.first_aside() == 30002);
  pool.hold(30002, 2, port_use::lease);
  CHECK(pool.aside() == 1);
  give_back(pool, 30002);
  CHECK(pool.first_free() == 30002);
  pool.end_set_aside(begun + 3min - 1ms);
  CHECK(pool.aside() == 1);
  pool.end_set_aside(begun + 3min);
  CHECK(pool.aside() == 0);
  CHECK(pool.free() == 2);
}

TEST_CASE("a new range acts on later requests and leaves pairs in use alone") {
  port_pool pool{{30000, 30003}};
  REQUIRE(take(pool) == 30000);
  pool.set_range({30002, 30005});
  CHECK(pool.size() == 2);
  CHECK(pool.free() == 2);
  CHECK(pool.outside() == 1);
  give_back(pool, 30000);  // no longer part of the range: it just goes
  CHECK(pool.free() == 2);
  CHECK(pool.outside() == 0);
  CHECK(take(pool) == 30002);
  CHECK(take(pool) == 30004);
  CHECK_FALSE(take(pool));
}

TEST_CASE("a pair in use stays in use when its range goes and comes back") {
  port_pool pool{{30000, 30001}};
  REQUIRE(take(pool) == 30000);
  pool.set_range({40000, 40001});
  pool.set_range({30000, 30001});
  CHECK(pool.free() == 0);
  give_back(pool, 30000);
  CHECK(take(pool) == 30000);
}

TEST_CASE("what pairs are used for adds up to the size of the range, whatever happens, and nothing grows") {
  for (std::uint32_t seed = 0; seed < 50; ++seed) {
    INFO("seed " << seed);
    std::mt19937 dice{seed};
    const auto any = [&](std::uint32_t below) { return static_cast<std::uint16_t>(dice() % below); };
    port_pool pool{{30000, 30019}};
    struct held {
      std::uint16_t port, width;
      port_use use;
    };
    std::vector<held> all;
    for (int step = 0; step < 2000; ++step) {
      switch (any(6)) {
        case 0:
        case 1: {
          const held h{static_cast<std::uint16_t>(29995 + any(35)), static_cast<std::uint16_t>(1 + any(2)),
                       any(2) == 0 ? port_use::lease : port_use::rest};
          pool.hold(h.port, h.width, h.use);
          all.push_back(h);
          break;
        }
        case 2:
        case 3:
          if (!all.empty()) {
            std::swap(all[any(static_cast<std::uint32_t>(all.size()))], all.back());
            pool.let_go(all.back().port, all.back().width, all.back().use);
            all.pop_back();
          }
          break;
        case 4:
          pool.set_aside(static_cast<std::uint16_t>(30000 + 2 * any(10)), begun + std::chrono::seconds{step + 50});
          pool.end_set_aside(begun + std::chrono::seconds{step});
          break;
        default:
          pool.set_range({static_cast<std::uint16_t>(29990 + any(15)), static_cast<std::uint16_t>(30010 + any(15))});
      }
      REQUIRE(sum(pool) == pool.size());
      if (const auto free = pool.first_free()) REQUIRE_FALSE(pool.is_leased(*free));
    }
    for (const auto& h : all) pool.let_go(h.port, h.width, h.use);
    pool.end_set_aside(begun + 1h);
    CHECK(pool.free() == pool.size());
    CHECK(pool.outside() == 0);
  }
}
