#include "net/io/port_pool.hpp"

#include <set>

#include "tests/support/catch.hpp"

using namespace berth::net;

TEST_CASE("a range holds the pairs of an even RTP and an odd RTCP port that lie whole in it") {
  CHECK(port_range{30000, 30001}.pairs() == 1);
  CHECK(port_range{30000, 35000}.pairs() == 2500);
  CHECK(port_range{30001, 30004}.pairs() == 1);
  CHECK(port_range{30001, 30002}.pairs() == 0);
  CHECK(port_range{65534, 65535}.pairs() == 1);
}

TEST_CASE("ports are handed out first in, first out") {
  port_pool pool{{30000, 30007}};
  CHECK(pool.take() == 30000);
  CHECK(pool.take() == 30002);
  pool.give_back(30000);
  CHECK(pool.take() == 30004);
  CHECK(pool.take() == 30006);
  CHECK(pool.take() == 30000);
  CHECK_FALSE(pool.take());
  CHECK(pool.free() == 0);
}

TEST_CASE("the start rotates the order and leaves none out") {
  port_pool pool{{30000, 30007}, 1234567};
  std::set<std::uint16_t> seen;
  while (const auto p = pool.take()) seen.insert(*p);
  CHECK(seen == std::set<std::uint16_t>{30000, 30002, 30004, 30006});
}

TEST_CASE("an explicit port takes the pairs that it touches") {
  port_pool pool{{30000, 30007}};
  REQUIRE(pool.reserve(30001, 2));  // RTP 30001, RTCP 30002: two pairs
  CHECK(pool.free() == 2);
  CHECK_FALSE(pool.reserve(30002, 2));
  CHECK(pool.take() == 30004);
  CHECK_FALSE(pool.reserve(30004, 1));
  pool.unreserve(30001, 2);
  CHECK(pool.free() == 3);
  CHECK(pool.reserve(40000, 2));  // outside: nobody's business
  CHECK(pool.free() == 3);
}

TEST_CASE("giving back twice gives back once") {
  port_pool pool{{30000, 30003}};
  REQUIRE(pool.take() == 30000);
  pool.give_back(30000);
  pool.give_back(30000);
  CHECK(pool.free() == 2);
  CHECK(pool.take() == 30002);
  CHECK(pool.take() == 30000);
  CHECK_FALSE(pool.take());
}

TEST_CASE("a new range acts on later requests and leaves pairs in use alone") {
  port_pool pool{{30000, 30003}};
  REQUIRE(pool.take() == 30000);
  pool.set_range({30002, 30005});
  CHECK(pool.size() == 2);
  CHECK(pool.free() == 2);
  pool.give_back(30000);  // no longer part of the range: it just goes
  CHECK(pool.free() == 2);
  CHECK(pool.take() == 30002);
  CHECK(pool.take() == 30004);
  CHECK_FALSE(pool.take());
}

TEST_CASE("a pair in use stays in use when its range goes and comes back") {
  port_pool pool{{30000, 30001}};
  REQUIRE(pool.take() == 30000);
  pool.set_range({40000, 40001});
  pool.set_range({30000, 30001});
  CHECK(pool.free() == 0);
  pool.give_back(30000);
  CHECK(pool.take() == 30000);
}
