#include "net/rtp/admission.hpp"

#include <string>
#include <vector>

#include "tests/support/catch.hpp"

using namespace berth::net;
using namespace std::chrono_literals;

namespace {

const time_point begun{1000s};
const endpoint a = *endpoint::parse("192.0.2.1", 5000);
const endpoint b = *endpoint::parse("192.0.2.1", 5001);  // same host, another NAT binding
const endpoint c = *endpoint::parse("192.0.2.9", 5000);

rtp_packet of(std::uint32_t ssrc) {
  rtp_packet p;
  p.ssrc = ssrc;
  return p;
}

std::string admitted(admission& lock, std::uint32_t ssrc, const endpoint& from, duration at) {
  const auto cause = lock.admit(of(ssrc), from, begun + at);
  return std::string(cause ? to_string(*cause) : "ok");
}

media_senders only(const media_sender& who) {
  media_senders all;
  all.hear(who);
  return all;
}

}  // namespace

TEST_CASE("the first valid packet locks source and SSRC") {
  admission lock;
  CHECK_FALSE(lock.source().is_set());
  CHECK_FALSE(lock.ssrc());
  CHECK(admitted(lock, 7, a, 0ms) == "ok");
  CHECK(lock.source() == a);
  CHECK(lock.ssrc() == 7U);
}

TEST_CASE("each policy, against another source and another SSRC, while the lock is fresh and after silence") {
  struct row {
    source_policy policy;
    std::uint32_t ssrc;
    endpoint from;
    duration at;
    const char* outcome;
  };
  using enum source_policy;
  const row rows[] = {
      {learn, 7, a, 10ms, "ok"},
      {learn, 7, b, 999ms, "wrong_source"},
      {learn, 7, b, 1000ms, "ok"},
      {learn, 8, a, 999ms, "wrong_ssrc"},
      {learn, 8, a, 1000ms, "ok"},
      {learn, 8, b, 999ms, "wrong_source"},
      {learn, 8, b, 10s, "ok"},
      {learn, 8, c, 10s, "wrong_source"},
      {learn, 7, c, 10s, "ok"},
      {pin, 7, a, 10ms, "ok"},
      {pin, 7, b, 10ms, "wrong_source"},
      {pin, 7, b, 1h, "wrong_source"},
      {pin, 8, a, 999ms, "wrong_ssrc"},
      {pin, 8, a, 1000ms, "ok"},
      {pin, 8, c, 1h, "wrong_source"},
      {follow, 7, b, 0ms, "ok"},
      {follow, 8, a, 999ms, "wrong_ssrc"},
      {follow, 8, b, 999ms, "wrong_ssrc"},
      {follow, 8, b, 1000ms, "ok"},
      {any, 7, c, 0ms, "ok"},
      {any, 8, c, 999ms, "wrong_ssrc"},
      {any, 8, c, 1000ms, "ok"},
  };
  for (const auto& r : rows) {
    INFO(to_string(r.policy) << ", SSRC " << r.ssrc << " from " << r.from.to_string() << " after "
                             << std::chrono::duration_cast<std::chrono::milliseconds>(r.at).count() << " ms");
    admission lock({.policy = r.policy});
    REQUIRE(admitted(lock, 7, a, 0ms) == "ok");
    CHECK(admitted(lock, r.ssrc, r.from, r.at) == r.outcome);
    const bool moved = std::string(r.outcome) == "ok";
    CHECK(lock.source() == (moved ? r.from : a));
    CHECK(lock.ssrc() == (moved ? r.ssrc : 7U));
  }
}

TEST_CASE("the filter is tested before the source, and teaches nothing when it refuses") {
  for (const auto policy : {source_policy::learn, source_policy::pin, source_policy::follow, source_policy::any}) {
    admission lock({.policy = policy, .ssrc_filter = 7});
    CHECK(admitted(lock, 8, c, 0ms) == "wrong_ssrc");
    CHECK_FALSE(lock.source().is_set());
    CHECK_FALSE(lock.ssrc());
    CHECK(admitted(lock, 7, a, 1ms) == "ok");
    CHECK(admitted(lock, 8, c, 2ms) == "wrong_ssrc");
    CHECK(admitted(lock, 8, a, 10s) == "wrong_ssrc");
    CHECK(lock.source() == a);
    CHECK(lock.ssrc() == 7U);
  }
}

TEST_CASE("refused packets do not keep a lock from aging, nor do they renew it") {
  admission lock;
  REQUIRE(admitted(lock, 7, a, 0ms) == "ok");
  for (int i = 1; i < 10; ++i) CHECK(admitted(lock, 7, b, i * 100ms) == "wrong_source");
  CHECK(admitted(lock, 7, b, 1000ms) == "ok");
  CHECK(admitted(lock, 7, a, 1001ms) == "wrong_source");
}

TEST_CASE("a camera that restarts behind the same address is heard with its new port and SSRC") {
  admission lock;
  for (int i = 0; i < 100; ++i) REQUIRE(admitted(lock, 7, a, i * 40ms) == "ok");
  CHECK(admitted(lock, 9, b, 8s) == "ok");
  CHECK(lock.source() == b);
  CHECK(lock.ssrc() == 9U);
  CHECK(admitted(lock, 7, a, 8001ms) == "wrong_source");
}

TEST_CASE("who was refused while the source spoke does not take over when it falls silent") {
  admission lock;
  for (int i = 0; i < 50; ++i) {
    REQUIRE(admitted(lock, 7, a, i * 40ms) == "ok");
    CHECK(admitted(lock, 7, c, i * 40ms + 1ms) == "wrong_source");
    CHECK(admitted(lock, 9, b, i * 40ms + 2ms) == "wrong_source");
  }
  CHECK(admitted(lock, 7, c, 1h) == "wrong_source");
  CHECK(admitted(lock, 9, b, 1h) == "wrong_source");
  const endpoint restarted = *endpoint::parse("192.0.2.1", 5002);
  CHECK(admitted(lock, 11, restarted, 1h) == "ok");
}

TEST_CASE("a camera that changes its address while packets of the old one are on their way is heard when they end") {
  admission lock;
  REQUIRE(admitted(lock, 7, a, 0ms) == "ok");
  CHECK(admitted(lock, 7, b, 40ms) == "wrong_source");
  CHECK(admitted(lock, 7, a, 90ms) == "ok");
  CHECK(admitted(lock, 7, b, 1090ms) == "ok");
}

TEST_CASE("of many strangers the latest are remembered") {
  admission lock;
  REQUIRE(admitted(lock, 7, a, 0ms) == "ok");
  for (std::uint16_t port = 6000; port < 6100; ++port)
    CHECK(admitted(lock, 9, *endpoint::parse("192.0.2.1", port), 1ms) == "wrong_source");
  REQUIRE(admitted(lock, 7, a, 900ms) == "ok");
  CHECK(admitted(lock, 9, *endpoint::parse("192.0.2.1", 6099), 1h) == "wrong_source");
  CHECK(admitted(lock, 9, *endpoint::parse("192.0.2.1", 6000), 1h) == "ok");
}

TEST_CASE("who was seen beside the source is not forgotten for newcomers, and is refused by the next stream too") {
  admission lock;
  for (int ms = 0; ms <= 1000; ms += 40) {
    REQUIRE(admitted(lock, 7, a, std::chrono::milliseconds{ms}) == "ok");
    CHECK(admitted(lock, 9, b, std::chrono::milliseconds{ms + 1}) == "wrong_source");
  }
  for (std::uint16_t port = 6000; port < 6050; ++port) admitted(lock, 9, *endpoint::parse("192.0.2.1", port), 1010ms);
  CHECK(admitted(lock, 9, b, 1h) == "wrong_source");
  auto next = lock.resting(begun + 1h);
  CHECK(next.contains(b));
  CHECK_FALSE(next.contains(a));
}

TEST_CASE("a source that sends with more than one SSRC is known by none of them") {
  admission lock;
  REQUIRE(admitted(lock, 7, a, 0ms) == "ok");
  CHECK_FALSE(lock.several());
  CHECK(admitted(lock, 8, c, 10ms) == "wrong_source");
  CHECK_FALSE(lock.several());
  CHECK(admitted(lock, 8, a, 20ms) == "wrong_ssrc");
  CHECK(lock.several());
}

TEST_CASE("the silence after which a lock moves is an option") {
  admission lock({.relearn_after = 5s});
  REQUIRE(admitted(lock, 7, a, 0ms) == "ok");
  CHECK(admitted(lock, 7, b, 4999ms) == "wrong_source");
  CHECK(admitted(lock, 7, b, 5s) == "ok");
}

TEST_CASE("check() alone learns nothing") {
  admission lock;
  CHECK_FALSE(lock.check(of(7), a, begun));
  CHECK_FALSE(lock.source().is_set());
  CHECK_FALSE(lock.ssrc());
}

TEST_CASE("a source that was forgotten is replaced by any, even under pin, while the SSRC stays locked") {
  admission lock({.policy = source_policy::pin});
  REQUIRE(admitted(lock, 7, a, 0ms) == "ok");
  lock.forget_source();
  CHECK_FALSE(lock.source().is_set());
  CHECK(admitted(lock, 8, c, 1ms) == "wrong_ssrc");
  CHECK(admitted(lock, 7, c, 2ms) == "ok");
  CHECK(admitted(lock, 7, a, 3ms) == "wrong_source");
}

TEST_CASE("a new filter acts on the next packet") {
  admission lock({.policy = source_policy::pin});
  REQUIRE(admitted(lock, 7, a, 0ms) == "ok");

  lock.set_ssrc_filter(7);
  CHECK(lock.ssrc() == 7U);
  CHECK(lock.source() == a);
  CHECK(admitted(lock, 7, a, 1ms) == "ok");

  lock.set_ssrc_filter(8);
  CHECK_FALSE(lock.ssrc());
  CHECK(admitted(lock, 7, a, 2ms) == "wrong_ssrc");
  CHECK(admitted(lock, 8, c, 3ms) == "ok");
  CHECK(lock.source() == c);

  lock.set_ssrc_filter(0);
  CHECK(lock.ssrc() == 8U);
  CHECK(admitted(lock, 7, c, 4ms) == "wrong_ssrc");
  CHECK(admitted(lock, 7, c, 2s) == "ok");
}

TEST_CASE("a resting sender is refused until it has been silent for long enough") {
  admission lock;
  lock.rest(only({a, 7}), 3s, begun);
  CHECK(admitted(lock, 7, a, 2999ms) == "resting");
  CHECK(admitted(lock, 7, a, 5998ms) == "resting");
  CHECK_FALSE(lock.source().is_set());
  CHECK(admitted(lock, 7, c, 5999ms) == "ok");
  CHECK(admitted(lock, 7, a, 9s) == "ok");
  CHECK(admitted(lock, 7, a, 9s + 1ms) == "ok");
}

TEST_CASE("a resting sender counts as heard even when the filter would have refused it, its neighbours do not rest") {
  admission lock({.ssrc_filter = 7});
  lock.rest(only({a, 7}), 3s, begun);
  CHECK(admitted(lock, 8, a, 2s) == "resting");
  CHECK(admitted(lock, 7, a, 4s) == "resting");
  CHECK(admitted(lock, 7, b, 4s) == "ok");
}

TEST_CASE("a device that begins another stream on the same port is heard at once") {
  struct row {
    std::optional<std::uint32_t> former;
    std::uint32_t filter;
    std::uint32_t sent;
    const char* outcome;
  };
  const row rows[] = {
      {7, 0, 7, "resting"},  // what it still sends of the former stream
      {7, 0, 8, "ok"},
      {7, 8, 8, "ok"},
      {7, 8, 9, "resting"},  // neither the former stream nor the one that was asked for
      {7, 7, 7, "resting"},  // the same name again: only silence tells the old from the new
      {std::nullopt, 0, 8, "resting"},
      {std::nullopt, 8, 8, "ok"},
      {std::nullopt, 8, 9, "resting"},
  };
  for (const auto& r : rows) {
    INFO("former " << r.former.value_or(0) << ", filter " << r.filter << ", sent " << r.sent);
    admission lock({.ssrc_filter = r.filter});
    lock.rest(only({a, r.former}), 3s, begun);
    CHECK(admitted(lock, r.sent, a, 1s) == r.outcome);
    const bool heard = std::string(r.outcome) == "ok";
    CHECK(lock.source().is_set() == heard);
    // What was refused has shown that it is not silent; what was taken is a source like any other from now on.
    CHECK(admitted(lock, r.sent, a, 3900ms) == (heard ? "ok" : "resting"));
  }
}

TEST_CASE("what is left of the former stream does not come in once the new one has begun") {
  admission lock;
  lock.rest(only({a, 7}), 3s, begun);
  CHECK(admitted(lock, 8, a, 10ms) == "ok");
  CHECK(admitted(lock, 7, a, 20ms) == "wrong_ssrc");
  CHECK(admitted(lock, 8, a, 30ms) == "ok");
}

TEST_CASE("each of those who rest is refused until it is silent itself, and goes on resting on the next stream") {
  admission lock;
  auto both = only({a, 7});
  both.hear({b, 8});
  lock.rest(both, 3s, begun);
  CHECK(admitted(lock, 7, a, 2s) == "resting");
  CHECK(admitted(lock, 8, b, 2500ms) == "resting");
  CHECK(admitted(lock, 7, a, 4s) == "resting");
  auto left = lock.resting(begun + 5499ms);
  CHECK(left.contains(a));
  CHECK(left.contains(b));
  left = lock.resting(begun + 5500ms);
  CHECK(left.contains(a));
  CHECK_FALSE(left.contains(b));
  CHECK(admitted(lock, 8, b, 5500ms) == "ok");
  CHECK(lock.source() == b);
  CHECK(admitted(lock, 7, a, 5500ms) == "resting");
}

TEST_CASE("nobody rests when the former sender is unknown") {
  admission lock;
  lock.rest({}, 3s, begun);
  CHECK(admitted(lock, 7, {}, 0ms) == "ok");
}
