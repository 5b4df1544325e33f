#include "net/rtp/ssrc_demultiplexer.hpp"

#include <map>
#include <string>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/support/packets.hpp"

using namespace berth::net;
using namespace berth::tests;
using namespace std::chrono_literals;

namespace {

const endpoint nvr = *endpoint::parse("192.0.2.1", 5000);
const endpoint outsider = *endpoint::parse("192.0.2.9", 5000);

struct counting_sink final : packet_sink {
  void deliver(bytes_view, const endpoint&, time_point, bool) override { ++packets; }
  int packets = 0;
};

struct rig {
  ssrc_demultiplexer::options options;
  std::vector<std::uint32_t> announced;
  ssrc_demultiplexer port{options, [this](std::uint32_t ssrc) { announced.push_back(ssrc); }};
  std::map<std::uint32_t, rtp_source> sources;
  time_point now{1h};

  std::string send(std::uint32_t ssrc, const endpoint& from = nvr) {
    const auto bytes = sources.try_emplace(ssrc, ssrc).first->second.next();
    const auto refused = port.route(*parse_rtp(bytes), from, now, false);
    return refused ? std::string{to_string(*refused)} : "ok";
  }
};

}  // namespace

TEST_CASE("demultiplexer: two packets in sequence announce an SSRC, and its sink gets all that was held") {
  rig r;
  CHECK(r.send(7) == "ok");
  CHECK(r.announced.empty());
  r.sources.at(7).skip(1);
  r.send(7);
  CHECK(r.announced.empty());
  r.send(7);
  CHECK(r.announced == std::vector<std::uint32_t>{7});
  r.send(7);
  counting_sink sink, other;
  REQUIRE(r.port.attach(7, sink));
  CHECK(sink.packets == 3);
  CHECK_FALSE(r.port.attach(7, other));
  r.send(7);
  CHECK(sink.packets == 4);
  CHECK(r.port.waiting() == 0);
}

TEST_CASE("demultiplexer: who is refused is announced again after a while, and who has a sink is not refused") {
  rig r;
  for (int i = 0; i < 2; ++i) r.send(7);
  r.port.refuse(7, r.now);
  CHECK(r.send(7) == "wrong_ssrc");
  r.now += r.options.refusal_time;
  for (int i = 0; i < 2; ++i) CHECK(r.send(7) == "ok");
  CHECK(r.announced == std::vector<std::uint32_t>{7, 7});
  counting_sink sink;
  REQUIRE(r.port.attach(7, sink));
  r.port.refuse(7, r.now);
  r.send(7);
  CHECK(sink.packets == 3);
}

TEST_CASE("demultiplexer: an ended stream's sender rests until it is silent, and only its own sink ends a stream") {
  rig r;
  counting_sink sink, other;
  REQUIRE(r.port.attach(7, sink));
  r.port.detach(7, other, nvr, true, r.now);
  r.send(7);
  CHECK(sink.packets == 1);
  r.port.detach(7, sink, nvr, true, r.now);
  for (int i = 0; i < 5; ++i) {
    r.now += 4s;
    CHECK(r.send(7) == "resting");
  }
  CHECK(r.send(7, outsider) == "ok");
  r.port.refuse(7, r.now);
  CHECK(r.send(7) == "wrong_ssrc");
}

TEST_CASE("demultiplexer: one SSRC after another crowds out nobody but its sender, and nothing grows") {
  rig r;
  CHECK(r.send(7) == "ok");
  for (std::uint32_t i = 0; i < 10'000; ++i) r.send(1'000'000 + i, outsider);
  CHECK(r.port.waiting() == 1 + r.options.max_probation_of_one);
  r.send(7);
  CHECK(r.announced == std::vector<std::uint32_t>{7});
}

TEST_CASE("demultiplexer: many addresses crowd out whoever was silent for the longest time") {
  rig r;
  r.send(7);
  for (std::uint32_t i = 0; i < r.options.max_probation - 2; ++i)
    r.send(1000 + i, *endpoint::parse("198.51.100." + std::to_string(i % 250 + 1), 9));
  r.send(8);
  r.send(5000, *endpoint::parse("203.0.113.1", 9));
  CHECK(r.port.waiting() == r.options.max_probation);
  r.send(7);  // gone: this is its first packet again
  r.send(8);
  CHECK(r.announced == std::vector<std::uint32_t>{8});
  r.send(7);
  CHECK(r.announced == std::vector<std::uint32_t>{8, 7});
}

TEST_CASE("demultiplexer: more than can wait for their sinks stay in probation, and none is lost") {
  rig r;
  const auto most = static_cast<std::uint32_t>(r.options.max_announced);
  for (std::uint32_t ssrc = 1; ssrc <= most + 1; ++ssrc)
    for (int i = 0; i < 2; ++i) r.send(ssrc);
  CHECK(r.announced.size() == most);
  counting_sink sink;
  REQUIRE(r.port.attach(1, sink));
  r.send(most + 1);
  CHECK(r.announced.size() == most + 1);
}

TEST_CASE("demultiplexer: of those who are remembered the oldest is forgotten, however many they are") {
  rig r;
  for (std::uint32_t ssrc = 1; ssrc <= r.options.max_remembered + 1; ++ssrc) {
    for (int i = 0; i < 2; ++i) r.send(ssrc);
    r.port.refuse(ssrc, r.now);
  }
  CHECK(r.send(2) == "wrong_ssrc");
  CHECK(r.send(1) == "ok");
  CHECK(r.port.waiting() == 1);
}
