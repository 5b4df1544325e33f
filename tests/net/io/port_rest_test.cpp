// What becomes of a port between two streams, and what is known of those who send to it meanwhile.
#include <cerrno>
#include <iterator>
#include <optional>
#include <vector>

#include "tests/net/io/allocator_rig.hpp"
#include "tests/support/catch.hpp"

using namespace berth::net;
using namespace berth::net::test;

TEST_CASE("an open that fails ends nobody's rest") {
  rig r;
  const auto next = static_cast<std::uint16_t>(r.range.first + 2);
  auto a = r.allocator.allocate(r.exactly(next), opened_at);
  REQUIRE(a);
  r.allocator.release(std::move(a->ports), past_of("cam"), opened_at);
  const auto foreign = r.real.bind_udp(*endpoint::parse("127.0.0.1", static_cast<std::uint16_t>(next - 1)), {});
  REQUIRE(foreign);
  const auto refused = r.allocator.allocate(r.exactly(static_cast<std::uint16_t>(next - 1)), opened_at);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().text.find("belongs to another program") != std::string::npos);
  r.sockets.fault = [](socket_call c, int, const endpoint&) { return c == socket_call::listen_tcp ? EACCES : 0; };
  auto with_tcp = r.exactly(next);
  with_tcp.with_tcp = true;
  REQUIRE_FALSE(r.allocator.allocate(with_tcp, opened_at));
  REQUIRE(r.allocator.resting().size() == 1);
  CHECK_FALSE(r.real.bind_udp(*endpoint::parse("127.0.0.1", next), {}));
  CHECK_FALSE(r.real.bind_udp(*endpoint::parse("127.0.0.1", static_cast<std::uint16_t>(next + 1)), {}));
  CHECK(r.allocator.figures().resting == 1);
}

TEST_CASE("an address that is not ours ends nobody's rest") {
  rig r;
  std::vector<bound_ports> held;
  for (int i = 0; i < 4; ++i) held.push_back(std::move(r.allocator.allocate(r.any(), opened_at)->ports));
  r.allocator.release(std::move(held.back()), past_of("cam"), opened_at);
  auto elsewhere = r.any();
  elsewhere.local = *endpoint::parse("192.0.2.1", 0);
  const auto refused = r.allocator.allocate(elsewhere, opened_at);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::address_not_local);
  CHECK(r.allocator.figures().resting == 1);
  CHECK(r.allocator.figures().taken_early == 0);
}

TEST_CASE("one number rests at two addresses, each for itself") {
  rig r;
  const auto port = r.range.first;
  auto here = r.exactly(port), there = r.exactly(port);
  there.local = *endpoint::parse("127.0.0.2", port);
  for (const auto& request : {here, there}) {
    auto a = r.allocator.allocate(request, opened_at);
    REQUIRE(a);
    r.allocator.release(std::move(a->ports), past_of(request.local.to_string()), opened_at);
  }
  CHECK(r.allocator.resting().size() == 2);
  CHECK(r.allocator.resting({}, 1).size() == 2);
  CHECK(r.allocator.figures().resting == 1);
  camera cam;
  send_datagram(cam.socket.get(), std::vector<std::uint8_t>{'x'}, there.local);
  r.allocator.sweep(opened_at + 4s);
  r.allocator.sweep(opened_at + 5s);
  REQUIRE(r.allocator.resting().size() == 1);
  CHECK(r.allocator.resting()[0].past.stream == there.local.to_string());
  const auto again = r.allocator.allocate(there, opened_at + 5s);
  REQUIRE(again);
  CHECK(again->past.stream == there.local.to_string());
  CHECK(r.allocator.resting().empty());
  // What is leased at one address does not end the rest at the other.
  auto other = r.allocator.allocate(here, opened_at + 5s);
  REQUIRE(other);
  r.allocator.release(std::move(other->ports), past_of("cam"), opened_at + 5s);
  CHECK_FALSE(r.allocator.allocate(there, opened_at + 5s));
  CHECK(r.allocator.resting().size() == 1);
}

TEST_CASE("a released port rests bound until it has been silent for the time") {
  rig r;
  auto a = r.allocator.allocate(r.any(), opened_at);
  const auto port = a->ports.port();
  r.allocator.release(std::move(a->ports), past_of("cam"), opened_at);
  r.allocator.sweep(opened_at + 4s);
  CHECK(r.allocator.figures().resting == 1);
  CHECK(r.allocator.figures().free == 3);
  CHECK_FALSE(r.real.bind_udp(*endpoint::parse("127.0.0.1", port), {}));
  r.allocator.sweep(opened_at + 5s);
  CHECK(r.allocator.figures().resting == 0);
  CHECK(r.allocator.figures().free == 4);
  CHECK(r.real.bind_udp(*endpoint::parse("127.0.0.1", port), {}));
}

TEST_CASE("a sender keeps its former port from being given, and is named") {
  rig r;
  auto a = r.allocator.allocate(r.any(), opened_at);
  const auto port = a->ports.port();
  r.allocator.release(std::move(a->ports), past_of("cam"), opened_at);
  camera cam;
  for (int s = 1; s <= 20; ++s) {
    cam.send(port);
    r.allocator.sweep(opened_at + std::chrono::seconds{s});
    REQUIRE(r.allocator.figures().resting == 1);
  }
  const auto resting = r.allocator.resting();
  REQUIRE(resting.size() == 1);
  CHECK(resting[0].past.stream == "cam");
  CHECK(resting[0].datagrams == 20);
  CHECK(resting[0].sender.from.port() == local_endpoint(cam.socket.get()).port());
  r.allocator.sweep(opened_at + 24s);
  CHECK(r.allocator.figures().resting == 1);
  r.allocator.sweep(opened_at + 25s);
  CHECK(r.allocator.figures().resting == 0);
}

TEST_CASE("under pressure the longest-silent port is used early, empty, with its sender banned") {
  rig r;
  std::vector<bound_ports> held;
  for (int i = 0; i < 4; ++i) held.push_back(std::move(r.allocator.allocate(r.any(), opened_at)->ports));
  const auto noisy = held[0].port();
  const auto quiet = held[1].port();
  r.allocator.release(std::move(held[0]), past_of("noisy"), opened_at);
  r.allocator.release(std::move(held[1]), past_of("quiet"), opened_at);
  camera cam;
  cam.send(noisy);
  r.allocator.sweep(opened_at + 1s);
  const auto first = r.allocator.allocate(r.any(), opened_at + 2s);
  REQUIRE(first);
  CHECK(first->ports.port() == quiet);
  CHECK(refused_by(*first).empty());
  cam.send(noisy);
  const auto second = r.allocator.allocate(r.any(), opened_at + 2s);
  REQUIRE(second);
  CHECK(second->ports.port() == noisy);
  CHECK(refused_by(*second).last().from == cam.local());
  CHECK(drain_udp(second->ports.rtp.get(), 10).datagrams == 0);
  CHECK(r.allocator.figures().taken_early == 2);
}

TEST_CASE("a former sender is told by its SSRC too, unless it sends more than one") {
  struct row {
    std::optional<std::uint32_t> fed_by;        ///< the SSRC of the stream that was closed
    std::vector<std::uint32_t> heard, waiting;  ///< what came while the port rested, and what waits at the end
    std::optional<std::uint32_t> known;
  };
  const row rows[] = {
      {7, {}, {}, 7},
      {7, {7, 7}, {7}, 7},
      {7, {8}, {}, std::nullopt},
      {7, {}, {8}, std::nullopt},
      {7, {}, {7, 8}, std::nullopt},
      {std::nullopt, {9}, {}, 9},
      {std::nullopt, {}, {9, 9}, 9},
      {std::nullopt, {9, 8, 8}, {8}, std::nullopt},
  };
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    INFO("row " << i);
    const auto& [fed_by, heard, waiting, known] = rows[i];
    rig r;
    auto a = r.allocator.allocate(r.any(), opened_at);
    REQUIRE(a);
    const auto port = a->ports.port();
    camera cam;
    r.allocator.release(std::move(a->ports),
                        past_of("cam", fed_by ? media_sender{cam.local(), fed_by} : media_sender{}), opened_at);
    for (const auto ssrc : heard) {
      cam.send(port, make_rtp({.ssrc = ssrc}));
      r.allocator.sweep(opened_at + 1s);
    }
    for (const auto ssrc : waiting) cam.send(port, make_rtp({.ssrc = ssrc}));
    const auto b = r.allocator.allocate(r.exactly(port), opened_at + 2s);
    REQUIRE(b);
    CHECK(b->past.stream == "cam");
    const auto refused = refused_by(*b);
    REQUIRE(std::distance(refused.begin(), refused.end()) == 1);
    CHECK(refused.last().from == cam.local());
    CHECK(refused.last().ssrc == known);
  }
}

TEST_CASE("reports and junk on the media port do not hide a former sender's SSRC") {
  rig r;
  auto a = r.allocator.allocate(r.any(), opened_at);
  REQUIRE(a);
  const auto port = a->ports.port();
  camera cam;
  r.allocator.release(std::move(a->ports), past_of("cam", {cam.local(), 7}), opened_at);
  cam.send(port);
  std::vector<std::uint8_t> report(28, 0x55);
  report[0] = 0x80;
  report[1] = 200;  // a sender report
  cam.send(port, report);
  r.allocator.sweep(opened_at + 1s);
  cam.send(port, report);
  const auto b = r.allocator.allocate(r.exactly(port), opened_at + 2s);
  REQUIRE(b);
  CHECK(b->past.fed_by.ssrc == 7U);
  CHECK(b->past.fed_by.from == cam.local());
}

TEST_CASE("who fed a port's stream is not forgotten for those who send there besides, however many they are") {
  rig r;
  auto a = r.allocator.allocate(r.any(), opened_at);
  REQUIRE(a);
  const auto port = a->ports.port();
  camera own;
  std::vector<camera> others(media_senders::most + 1);
  const camera former;
  auto past = past_of("cam", {own.local(), 7});
  past.refused.hear({former.local(), 6});
  r.allocator.release(std::move(a->ports), past, opened_at);
  for (const auto& o : others) {
    o.send(port);
    r.allocator.sweep(opened_at + 1s);
  }
  own.send(port);
  for (const auto& o : others) o.send(port);
  const auto b = r.allocator.allocate(r.exactly(port), opened_at + 2s);
  REQUIRE(b);
  auto strangers = refused_by(*b);
  CHECK(strangers.contains(own.local()));
  CHECK(strangers.contains(former.local()));
  CHECK(strangers.contains(others.back().local()));
  auto same = b->past.strangers_to("cam");
  CHECK_FALSE(same.contains(own.local()));
  CHECK(same.contains(former.local()));
  CHECK(same.contains(others.back().local()));
}

TEST_CASE("who only reports to a resting port keeps it, too") {
  rig r;
  auto a = r.allocator.allocate(r.any(), opened_at);
  REQUIRE(a);
  const auto port = a->ports.port();
  camera cam;
  r.allocator.release(std::move(a->ports), past_of("cam"), opened_at);
  cam.send(static_cast<std::uint16_t>(port + 1));
  r.allocator.sweep(opened_at + 1s);
  r.allocator.sweep(opened_at + 5s);
  REQUIRE(r.allocator.resting().size() == 1);
  CHECK(r.allocator.resting()[0].datagrams == 1);
  r.allocator.sweep(opened_at + 6s);
  CHECK(r.allocator.resting().empty());
}

TEST_CASE(
    "what the kernel dropped of a resting port's packets is counted there, and not for the stream that comes next") {
  rig r;
  auto a = r.allocator.allocate(r.any(), opened_at);
  REQUIRE(a);
  CHECK(a->ports.drops_before == 0);
  const auto port = a->ports.port();
  camera cam;
  r.allocator.release(std::move(a->ports), past_of("cam"), opened_at);
  cam.send(port);
  r.allocator.sweep(opened_at + 1s);
  // The buffer of a port that is heard is as small as can be.
  for (int i = 0; i < 500; ++i) cam.send(port);
  r.allocator.sweep(opened_at + 2s);
  CHECK(r.allocator.resting()[0].datagrams == 501);
  const auto b = r.allocator.allocate(r.exactly(port), opened_at + 3s);
  REQUIRE(b);
  CHECK(b->ports.drops_before > 0);
  CHECK(b->ports.drops_before == kernel_drops(b->ports.rtp.get()));
}

TEST_CASE("a request that names a resting port gets it at once") {
  rig r;
  auto a = r.allocator.allocate(r.any(), opened_at);
  const auto port = a->ports.port();
  camera cam;
  r.allocator.release(std::move(a->ports), past_of("cam", {cam.local(), 7}), opened_at);
  cam.send(port);
  const auto b = r.allocator.allocate(r.exactly(port), opened_at + 1s);
  REQUIRE(b);
  CHECK(b->ports.port() == port);
  CHECK(b->past.stream == "cam");
  CHECK(b->past.fed_by.from == cam.local());
  CHECK(drain_udp(b->ports.rtp.get(), 10).datagrams == 0);
  CHECK(receive_buffer(b->ports.rtp.get()) >= 212992);
}

TEST_CASE("when descriptors run short, a resting port makes room") {
  rig r;
  auto a = r.allocator.allocate(r.any(), opened_at);
  r.allocator.release(std::move(a->ports), past_of("old"), opened_at);
  r.sockets.fault = [&](socket_call, int n, const endpoint&) { return n == 3 ? EMFILE : 0; };
  const auto b = r.allocator.allocate(r.any(), opened_at + 1s);
  REQUIRE(b);
  CHECK(r.allocator.figures().resting == 0);
  CHECK(r.allocator.figures().failures[static_cast<std::size_t>(errc::no_descriptors)] == 1);
}

TEST_CASE("ports that have been silent together are let go of a part at a time") {
  paired_sockets sockets;
  port_allocator allocator{sockets, {{30000, 30399}, 5s, 4, {}}};
  std::vector<bound_ports> taken;
  for (int i = 0; i < 100; ++i)
    taken.push_back(std::move(allocator.allocate({*endpoint::parse("127.0.0.1", 0), true, false}, opened_at)->ports));
  for (auto& ports : taken) allocator.release(std::move(ports), past_of("former"), opened_at);
  CHECK_FALSE(allocator.sweep(opened_at + 4s));
  CHECK(allocator.figures().resting == 100);
  std::vector<std::uint16_t> listed;
  for (auto part = allocator.resting({}, 30); !part.empty(); part = allocator.resting(listed.back(), 30)) {
    CHECK(part.size() <= 30);
    for (const auto& at_rest : part) listed.push_back(at_rest.port);
  }
  CHECK(listed.size() == 100);
  CHECK(std::adjacent_find(listed.begin(), listed.end(), std::greater_equal{}) == listed.end());
  int rounds = 1;
  while (allocator.sweep(opened_at + 5s)) ++rounds;
  CHECK(rounds > 1);
  CHECK(allocator.figures().resting == 0);
  CHECK(allocator.figures().free == allocator.figures().size);
}
