#include "net/rtp/rtp_receiver.hpp"

#include <memory>
#include <random>

#include "tests/support/allocations.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/long_run.hpp"
#include "tests/support/packets.hpp"

using namespace berth::net;
using namespace berth::tests;
using namespace std::chrono_literals;

namespace {

const time_point start{1000s};
const endpoint camera = *endpoint::parse("192.0.2.1", 5000);
const endpoint stranger = *endpoint::parse("198.51.100.7", 5000);

struct fixture {
  explicit fixture(rtp_receiver::options o = {}) : receiver(counters, std::move(o)) {}

  std::optional<accepted_packet> give(const rtp_fields& fields, duration at = 0ms, const endpoint& from = camera) {
    last = make_rtp(fields);
    return receiver.on_datagram(last, from, start + at);
  }
  std::uint64_t refused(refusal cause) const { return counters.refused[static_cast<std::size_t>(cause)].value(); }
  bool adds_up() const {
    return counters.datagrams.value() == counters.accepted.value() + counter_values{counters}.refused_total();
  }

  stream_counters counters;
  rtp_receiver receiver;
  bytes last;
};

}  // namespace

TEST_CASE("nothing received: no source, no SSRC, no report") {
  fixture f;
  bytes out(300);
  CHECK_FALSE(f.receiver.has_received());
  CHECK_FALSE(f.receiver.source().is_set());
  CHECK_FALSE(f.receiver.ssrc());
  CHECK(f.receiver.make_receiver_report(out, start) == 0);
  CHECK(f.counters.datagrams.value() == 0);
}

TEST_CASE("an accepted packet is handed on with its number, and the stream's facts follow it") {
  fixture f;
  auto p = f.give({.sequence = 65535, .ssrc = 9, .payload_type = 98, .payload = 30}, 5ms);
  REQUIRE(p);
  CHECK(p->first);
  CHECK_FALSE(p->restarted);
  CHECK(p->number == 65535);
  CHECK(p->packet.payload.data() == f.last.data() + 12);
  CHECK(f.receiver.source() == camera);
  CHECK(f.receiver.ssrc() == 9U);
  CHECK(f.receiver.payload_type() == 98);
  CHECK(f.receiver.last_accepted() == start + 5ms);

  p = f.give({.sequence = 0, .ssrc = 9}, 10ms);
  REQUIRE(p);
  CHECK_FALSE(p->first);
  CHECK(p->number == 65536);
  CHECK(f.receiver.payload_type() == 96);
  CHECK(f.counters.accepted.value() == 2);
  CHECK(f.counters.accepted_bytes.value() == 42 + 32);
}

TEST_CASE("every cause of refusal is counted once, and the figures add up") {
  fixture f({.ssrc_filter = 7});
  media_senders former;
  former.hear({*endpoint::parse("192.0.2.3", 1), 7});
  f.receiver.rest(former, 10s, start);
  const auto is = [&](refusal cause, std::uint64_t times) { return f.refused(cause) == times && f.adds_up(); };

  CHECK(f.give({.sequence = 2000, .ssrc = 7}));
  CHECK_FALSE(f.receiver.on_datagram(bytes(5), camera, start));
  CHECK(is(refusal::too_short, 1));
  CHECK_FALSE(f.receiver.on_datagram(bytes(50), camera, start));
  CHECK(is(refusal::not_rtp, 1));
  auto bad = make_rtp({.ssrc = 7});
  bad[0] |= 0x10;
  CHECK_FALSE(f.receiver.on_datagram(bad, camera, start));
  CHECK(is(refusal::bad_header, 1));
  f.receiver.on_truncated();
  CHECK(is(refusal::truncated, 1));
  CHECK_FALSE(f.give({.sequence = 2001, .ssrc = 8}));
  CHECK(is(refusal::wrong_ssrc, 1));
  CHECK_FALSE(f.give({.sequence = 2001, .ssrc = 7}, 0ms, stranger));
  CHECK(is(refusal::wrong_source, 1));
  CHECK_FALSE(f.give({.sequence = 2001, .ssrc = 7}, 0ms, *endpoint::parse("192.0.2.3", 1)));
  CHECK(is(refusal::resting, 1));
  CHECK_FALSE(f.give({.sequence = 2000, .ssrc = 7}));
  CHECK(is(refusal::duplicate, 1));
  CHECK_FALSE(f.give({.sequence = 100, .ssrc = 7}));
  CHECK(is(refusal::late, 1));
  CHECK_FALSE(f.give({.sequence = 20000, .ssrc = 7}));
  CHECK(is(refusal::out_of_order, 1));

  CHECK(f.counters.datagrams.value() == 11);
  CHECK(f.counters.accepted.value() == 1);
  CHECK(counter_values{f.counters}.refused_total() == refusal_count);
}

TEST_CASE("the loss of the last seconds is that, and no average over the life") {
  fixture f{rtp_receiver::options{}};
  std::uint16_t sequence = 0;
  const auto send = [&](int from_ms, int to_ms, int every) {
    for (int ms = from_ms; ms < to_ms; ms += 10, ++sequence)
      if (every == 0 || sequence % every != 0) f.give({.sequence = sequence}, std::chrono::milliseconds{ms});
  };
  send(0, 6000, 10);
  CHECK(f.counters.loss_ppm.value() > 95'000);
  CHECK(f.counters.loss_ppm.value() < 105'000);
  send(6000, 10500, 0);
  CHECK(f.counters.loss_ppm.value() < 25'000);
  send(10500, 16000, 0);
  CHECK(f.counters.loss_ppm.value() == 0);
  CHECK(f.counters.lost.value() > 50);
  f.give({.sequence = 9, .ssrc = 9}, 20s);
  CHECK(f.counters.loss_ppm.value() == 0);
}

TEST_CASE("a duplicate from elsewhere moves no lock, even where the source may move") {
  fixture f({.policy = source_policy::follow});
  CHECK(f.give({.sequence = 10}));
  CHECK_FALSE(f.give({.sequence = 10}, 1ms, stranger));
  CHECK(f.receiver.source() == camera);
  CHECK(f.counters.source_changes.value() == 0);
  CHECK(f.give({.sequence = 11}, 2ms, stranger));
  CHECK(f.receiver.source() == stranger);
  CHECK(f.counters.source_changes.value() == 1);
}

TEST_CASE("refused packets do not count as life") {
  fixture f;
  CHECK(f.give({.sequence = 10}));
  CHECK_FALSE(f.give({.sequence = 10}, 900ms));
  CHECK(f.receiver.last_accepted() == start);
  CHECK(f.give({.sequence = 11}, 1000ms, stranger));
}

TEST_CASE("lost falls when late ones arrive, and survives restarts and SSRC changes") {
  fixture f;
  f.give({.sequence = 10});
  f.give({.sequence = 14});
  CHECK(f.counters.lost.value() == 3);
  f.give({.sequence = 12});
  CHECK(f.counters.lost.value() == 2);
  CHECK(f.counters.reordered.value() == 1);

  CHECK_FALSE(f.give({.sequence = 20000}));
  auto p = f.give({.sequence = 20001});
  REQUIRE(p);
  CHECK(p->restarted);
  CHECK(f.counters.lost.value() == 2);
  f.give({.sequence = 20003});
  CHECK(f.counters.lost.value() == 3);

  p = f.give({.sequence = 5, .ssrc = 99}, 2s);
  REQUIRE(p);
  CHECK(p->restarted);
  CHECK_FALSE(p->first);
  CHECK(p->number == 5);
  CHECK(f.counters.ssrc_changes.value() == 1);
  f.give({.sequence = 7, .ssrc = 99}, 2s);
  CHECK(f.counters.lost.value() == 4);
  f.give({.sequence = 6, .ssrc = 99}, 2s);
  CHECK(f.counters.lost.value() == 3);
  CHECK(f.receiver.statistics().sequence().lost() == 0);
}

TEST_CASE("a filter that moves to another SSRC restarts the stream, and stops reports on the old one") {
  fixture f;
  bytes out(300);
  f.give({.sequence = 10, .ssrc = 7});
  f.receiver.set_ssrc_filter(8);
  CHECK(f.receiver.make_receiver_report(out, start) == 0);
  CHECK_FALSE(f.give({.sequence = 11, .ssrc = 7}));
  const auto p = f.give({.sequence = 900, .ssrc = 8});
  REQUIRE(p);
  CHECK(p->restarted);
  CHECK(f.receiver.ssrc() == 8U);
  CHECK(f.receiver.ssrc_filter() == 8);
  CHECK(f.receiver.make_receiver_report(out, start) > 0);
}

TEST_CASE("after its connection ended a source may come from elsewhere at once, its sequence goes on") {
  fixture f({.policy = source_policy::pin});
  f.give({.sequence = 10});
  f.receiver.forget_source();
  const auto p = f.give({.sequence = 11}, 1ms, stranger);
  REQUIRE(p);
  CHECK_FALSE(p->restarted);
  CHECK(f.receiver.source() == stranger);
}

TEST_CASE("RFC 3550 6.4: reports answer the sender's own SR, from the SSRC next to it") {
  fixture f({.cname = "quay-3"});
  f.give({.sequence = 10, .ssrc = 7});
  f.give({.sequence = 13, .ssrc = 7});
  CHECK(f.receiver.on_rtcp(make_sender_report(7, 0xaaaabbbbccccdddd), start));
  CHECK(f.receiver.on_rtcp(make_sender_report(1234, 0x100000001), start + 1s));
  CHECK(f.receiver.on_rtcp(make_rtcp(0, 201, {7}), start + 1s));
  CHECK_FALSE(f.receiver.on_rtcp(bytes{0x80, 200, 0, 6}, start + 1s));
  CHECK(f.counters.sender_reports.value() == 2);
  CHECK(f.counters.receiver_reports.value() == 0);  // those that Berth sends
  CHECK(f.counters.rtcp_malformed.value() == 1);
  CHECK(f.counters.datagrams.value() == 2);

  bytes out(300);
  CHECK(f.receiver.make_receiver_report(std::span(out).first(40), start + 2s) == 0);
  const auto size = f.receiver.make_receiver_report(out, start + 2s);
  REQUIRE(size == receiver_report_size(6));
  CHECK(f.counters.receiver_reports.value() == 1);
  CHECK(load_be32(&out[4]) == 8);
  CHECK(load_be32(&out[8]) == 7);
  CHECK(out[12] == 128);  // the call above with too small a buffer did not end the interval
  CHECK(load_be32(&out[16]) == 13);
  CHECK(load_be32(&out[24]) == 0xbbbbcccc);
  CHECK(load_be32(&out[28]) == 2 * 65536);
  CHECK(std::string(out.begin() + 42, out.begin() + 48) == "quay-3");
}

TEST_CASE("jitter is published in microseconds") {
  fixture f;
  f.give({.sequence = 1, .timestamp = 0});
  f.give({.sequence = 2, .timestamp = 3600}, 56ms);
  CHECK(f.counters.jitter_us.value() == 1000);
}

TEST_CASE("random bytes and random packets: one datagram, one outcome, each time") {
  std::mt19937 random(99);
  fixture f;
  for (std::uint64_t i = 1; i <= at_length(50'000U); ++i) {
    bytes b(random() % 40);
    for (auto& x : b) x = static_cast<std::uint8_t>(random());
    if (b.size() >= 12 && random() % 4 != 0) {
      b[0] = static_cast<std::uint8_t>(0x80 | (b[0] & 0x01));
      store_be32(&b[8], static_cast<std::uint32_t>(random() % 3));
      store_be16(&b[2], static_cast<std::uint16_t>(i + random() % 50));
    }
    const auto before = f.counters.accepted.value();
    const auto p = f.receiver.on_datagram(b, random() % 20 != 0 ? camera : stranger, start + i * 1ms);
    REQUIRE(f.counters.datagrams.value() == i);
    REQUIRE(f.counters.accepted.value() == before + (p ? 1 : 0));
    REQUIRE(f.adds_up());
    REQUIRE(f.counters.lost.value() < i * 3000);
  }
  CHECK(f.counters.accepted.value() > 1000);
}

TEST_CASE("10,000 packets, refused ones and reports among them, take nothing from the heap") {
  fixture f;
  auto b = make_rtp({.payload = 1400});
  bytes out(300);
  // Strangers are remembered, a few of them.
  store_be16(&b[2], 65535);
  (void)f.receiver.on_datagram(b, camera, start);
  (void)f.receiver.on_datagram(b, stranger, start);
  const auto before = allocations();
  for (int i = 0; i < 10'000; ++i) {
    store_be16(&b[2], static_cast<std::uint16_t>(i + i / 100 * 3));
    (void)f.receiver.on_datagram(b, camera, start + i * 1ms);
    if (i % 10 == 0) (void)f.receiver.on_datagram(b, stranger, start + i * 1ms);
    if (i % 10 == 1) (void)f.receiver.on_datagram(b, camera, start + i * 1ms);
    if (i % 100 == 0) (void)f.receiver.make_receiver_report(out, start + i * 1ms);
  }
  CHECK(allocations() == before);
  CHECK(f.counters.accepted.value() == 10'001);
  CHECK(f.counters.lost.value() == 99 * 3);
  const auto probe = std::make_unique<int>(1);
  CHECK(allocations() > before);
}
