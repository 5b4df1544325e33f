// A full node: two thousand streams at once, every datagram of every one of them counted.
#include <sys/resource.h>

#include <thread>

#include "tests/e2e/node.hpp"
#include "tests/support/catch.hpp"

using namespace berth::tests;

TEST_CASE("scale: 2,000 streams at once, each with its own exact count", "[heavy]") {
  constexpr int streams = 2000, rounds = 10, per_round = 5;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  INFO("a node of " << streams << " streams needs descriptors: `ulimit -Hn` has to allow for them");
  REQUIRE(limit.rlim_max >= 2 * streams + 500);
  node n{{{"berth.log_level", "warn"}}, streams};
  std::vector<std::uint16_t> ports;
  for (int i = 0; i < streams; ++i) ports.push_back(n.port_of("cam" + std::to_string(10'000 + i)));
  CHECK(n.open("one too many").at("code") == -400);

  // A sender for every hundred streams; each stream has an SSRC, a first number and a size of its own.
  std::vector<std::unique_ptr<rtp_sender>> senders;
  for (int i = 0; i < streams / 100; ++i) senders.push_back(std::make_unique<rtp_sender>());
  std::vector<rtp_source> sources;
  for (int i = 0; i < streams; ++i)
    sources.emplace_back(0x10000 + static_cast<std::uint32_t>(i), static_cast<std::uint16_t>(31 * i));
  const auto total = [&] {
    std::int64_t sum = 0;
    const auto answer = n.call("listRtpServer");
    for (const auto& s : answer.at("data").as_array()) sum += number(s.as_object(), "packets");
    return sum;
  };
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < streams; ++i)
      for (int k = 0; k < per_round; ++k) senders[i / 100]->send_raw(ports[i], sources[i].next(100 + i % 50));
    // Receive buffers are finite and the machine is shared: the sender waits for the reader, as no camera has to.
    REQUIRE(eventually(20s, [&] { return total() == std::int64_t{streams} * per_round * (round + 1); }));
  }

  std::size_t wrong = 0, seen = 0;
  std::string cursor;
  do {
    const auto page = n.v1.get("/v1/streams?limit=500" + (cursor.empty() ? "" : "&cursor=" + percent_encode(cursor)))
                          .json()
                          .as_object();
    for (const auto& v : page.at("streams").as_array()) {
      const auto& s = v.as_object();
      const auto i = static_cast<std::size_t>(std::stoi(text(s, "stream_id").substr(3)) - 10'000);
      const auto size = static_cast<std::int64_t>(12 + 100 + i % 50);
      const bool right = number(s, "port") == ports[i] && number(s, "packets") == rounds * per_round &&
                         number(s, "bytes") == rounds * per_round * size && number(s, "lost") == 0 &&
                         number(s, "kernel_drops") == 0 && text(s, "state") == "active" &&
                         number(s, "ssrc_seen") == sources[i].ssrc() && adds_up(s);
      wrong += right ? 0 : 1;
      ++seen;
    }
    cursor = page.contains("next") ? text(page, "next") : std::string{};
  } while (!cursor.empty());
  CHECK(seen == streams);
  CHECK(wrong == 0);
  CHECK(n.daemon.descriptors() >= 2 * streams);

  // What has ended stays in the node's figures, and its port rests.
  const auto received = "\nberth_packets_total " + std::to_string(streams * rounds * per_round) + "\n";
  CHECK(n.v1.get("/metrics").body.find(received) != std::string::npos);
  for (int i = 0; i < streams; i += 2) n.close("cam" + std::to_string(10'000 + i));
  CHECK(n.v1.get("/metrics").body.find(received) != std::string::npos);
  CHECK(n.v1.get("/v1/ports").json().at("resting").as_array().size() == streams / 2);

  const auto end = n.daemon.stop(15s);
  CHECK(end.status == 0);
  CHECK(end.took < 10s);
}
