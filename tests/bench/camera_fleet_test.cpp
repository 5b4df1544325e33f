// The load itself is held against a receiver that knows nothing of it.
#include "bench/camera_fleet.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <map>

#include "bench/floor_receiver.hpp"
#include "net/io/socket_factory.hpp"
#include "net/rtp/rtp_packet.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/condition.hpp"

using namespace berth;
using namespace berth::bench;
using namespace berth::tests;
using namespace std::chrono_literals;

namespace {

struct sink {
  net::unique_fd socket{std::move(*net::posix_socket_factory{}.bind_udp(*net::endpoint::parse("127.0.0.1", 0), {}))};
  std::vector<net::rtp_packet> packets;
  std::size_t malformed = 0;

  void read() {
    std::array<std::uint8_t, 2048> buffer;
    for (;;) {
      const auto got = ::recv(socket.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (got < 0) return;
      const auto p = net::parse_rtp({buffer.data(), static_cast<std::size_t>(got)});
      if (p && got == 1400)
        packets.push_back(*p);
      else
        ++malformed;
    }
  }
};

}  // namespace

TEST_CASE("a camera of 4 Mbit/s sends frames of 12 packets and a key frame of 121 every two seconds") {
  const fleet_options o;
  CHECK(o.packets_per_frame() == 12);
  CHECK(o.packets_per_key_frame() == 121);
  const auto per_second = (49.0 * 12 + 121) / 2;
  CHECK(per_second * 1400 * 8 == Approx(4e6).epsilon(0.02));
}

TEST_CASE("what the fleet says it offered is what arrives, in sequence, a marker a frame, with and without offload") {
  fleet_options o;
  o.segmentation_offload = GENERATE(true, false);
  INFO((o.segmentation_offload ? "offload" : "one by one"));
  sink s;
  camera_fleet fleet{o, {net::local_endpoint(s.socket.get())}};
  const auto sent = fleet.run(400ms);
  s.read();
  CHECK(sent.failed_sends == 0);
  CHECK(s.malformed == 0);
  REQUIRE(s.packets.size() == sent.offered);
  REQUIRE(s.packets.size() > 100);
  std::map<std::uint32_t, int> markers;
  for (std::size_t i = 1; i < s.packets.size(); ++i)
    REQUIRE(static_cast<std::uint16_t>(s.packets[i].sequence - s.packets[i - 1].sequence) == 1);
  for (const auto& p : s.packets) markers[p.timestamp] += p.marker ? 1 : 0;
  CHECK(markers.size() == 10);  // frames in 400 ms
  for (const auto& [timestamp, count] : markers) CHECK(count == 1);
}

TEST_CASE("injected faults are counted as they happen") {
  fleet_options o;
  o.loss = o.duplicate = o.reorder = 0.1;
  sink s;
  camera_fleet fleet{o, {net::local_endpoint(s.socket.get())}};
  const auto sent = fleet.run(400ms);
  s.read();
  REQUIRE(s.packets.size() == sent.offered);
  std::map<std::uint16_t, int> seen;
  for (const auto& p : s.packets) ++seen[p.sequence];
  std::uint64_t twice = 0;
  for (const auto& [number, count] : seen) twice += static_cast<std::uint64_t>(count - 1);
  CHECK(twice == sent.duplicated);
  CHECK(sent.withheld > 0);
  CHECK(sent.reordered > 0);
  CHECK(sent.offered == seen.size() + sent.duplicated);
}

TEST_CASE("the floor counts every packet of a fleet, paced or not") {
  floor_options f;
  f.sockets = 3;
  f.pace = std::chrono::microseconds{GENERATE(0, 1000)};
  floor_receiver floor{f};
  camera_fleet fleet{{}, floor.targets()};
  const auto sent = fleet.run(300ms);
  CHECK(eventually(5s, [&] { return floor.packets() == sent.offered; }));
}
