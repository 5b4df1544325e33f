#include "net/io/port_allocator.hpp"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <vector>

#include "tests/net/io/allocator_rig.hpp"
#include "tests/support/catch.hpp"

using namespace berth::net;
using namespace berth::net::test;

TEST_CASE("an allocation binds RTP on an even port, RTCP on the next, TCP on the same number") {
  rig r;
  const auto a = r.allocator.allocate(r.any(true), opened_at);
  REQUIRE(a);
  const auto port = a->ports.port();
  CHECK(port % 2 == 0);
  CHECK(local_endpoint(a->ports.rtp.get()).port() == port);
  CHECK(local_endpoint(a->ports.rtcp.get()).port() == port + 1);
  CHECK(local_endpoint(a->ports.listener.get()).port() == port);
  CHECK(receive_buffer(a->ports.rtp.get()) >= 212992);
}

TEST_CASE("a busy port falls back to the next pair, is counted, and is not tried again for a minute") {
  rig r;
  r.sockets.fault = [](socket_call, int n, const endpoint&) { return n == 1 ? EADDRINUSE : 0; };
  const auto a = r.allocator.allocate(r.any(), opened_at);
  REQUIRE(a);
  CHECK(a->ports.port() == r.range.first + 2);
  CHECK(a->failed_attempts == 1);
  const auto f = r.allocator.figures();
  CHECK(f.failures[static_cast<std::size_t>(errc::address_in_use)] == 1);
  CHECK(f.granted == 1);
  CHECK(f.free == 2);
  CHECK(f.set_aside == 1);
  r.allocator.sweep(opened_at + 59s);
  CHECK(r.allocator.figures().set_aside == 1);
  r.allocator.sweep(opened_at + 60s);
  CHECK(r.allocator.figures().free == 3);
}

TEST_CASE("all ports are tried, those of others again, and the refusal names the figures") {
  rig r;
  r.sockets.fault = [](socket_call, int, const endpoint&) { return EADDRINUSE; };
  const auto a = r.allocator.allocate(r.any(), opened_at);
  REQUIRE_FALSE(a);
  CHECK(a.error().code == errc::address_in_use);
  CHECK(a.error().text.find("8 ports could not be bound") != std::string::npos);
  CHECK(r.allocator.figures().failures[static_cast<std::size_t>(errc::address_in_use)] == 8);
  CHECK(r.allocator.figures().free == 0);
  CHECK(r.allocator.figures().set_aside == 4);
  r.sockets.fault = {};
  REQUIRE(r.allocator.allocate(r.any(), opened_at));
}

TEST_CASE("no open is refused while a port is free, however many another program has") {
  paired_sockets net;
  failing_sockets sockets{net};
  sockets.fault = [](socket_call, int, const endpoint& at) { return at.port() < 30300 ? EADDRINUSE : 0; };
  port_allocator allocator{sockets, {{30000, 30399}, 5s, 8, {}}};
  const port_request any{*endpoint::parse("127.0.0.1", 0), true, false};
  std::vector<bound_ports> held;
  for (int i = 0; i < 50; ++i) {
    auto a = allocator.allocate(any, opened_at);
    REQUIRE(a);
    CHECK(a->failed_attempts == (i == 0 ? 150 : 0));
    held.push_back(std::move(a->ports));
  }
  CHECK_FALSE(allocator.allocate(any, opened_at));
  allocator.release(std::move(held.back()), past_of("cam"), opened_at);
  CHECK(allocator.allocate(any, opened_at));
  const auto f = allocator.figures();
  CHECK(f.set_aside == 150);
  CHECK(f.free + f.leased + f.resting + f.set_aside == f.size);
}

TEST_CASE("under pressure a pair that was asked for by its number is given like any other") {
  rig r;
  std::vector<bound_ports> held;
  for (int i = 0; i < 3; ++i) held.push_back(std::move(r.allocator.allocate(r.any(), opened_at)->ports));
  const auto last = static_cast<std::uint16_t>(r.range.first + 6);
  auto a = r.allocator.allocate(r.exactly(last), opened_at);
  REQUIRE(a);
  r.allocator.release(std::move(a->ports), past_of("cam"), opened_at);
  const auto b = r.allocator.allocate(r.any(), opened_at);
  REQUIRE(b);
  CHECK(b->ports.port() == last);
  CHECK(b->past.stream == "cam");
}

TEST_CASE("under pressure the pair below a rest on an odd port is given, and the rest ends") {
  rig r;
  std::vector<bound_ports> held;
  auto a = r.allocator.allocate(r.exactly(static_cast<std::uint16_t>(r.range.first + 1)), opened_at);
  REQUIRE(a);
  for (int i = 0; i < 2; ++i) held.push_back(std::move(r.allocator.allocate(r.any(), opened_at)->ports));
  CHECK_FALSE(r.allocator.allocate(r.any(), opened_at));
  r.allocator.release(std::move(a->ports), past_of("odd"), opened_at);
  for (int i = 0; i < 2; ++i) {
    auto b = r.allocator.allocate(r.any(), opened_at);
    REQUIRE(b);
    CHECK(b->ports.port() % 2 == 0);
    held.push_back(std::move(b->ports));
  }
  CHECK(r.allocator.figures().resting == 0);
  CHECK(r.allocator.figures().leased == 4);
}

TEST_CASE("a port that was asked for by its number is had if its sockets are, whatever was beside it") {
  rig r;
  const auto base = r.range.first;
  const auto open = [&](int offset) {
    return r.allocator.allocate(r.exactly(static_cast<std::uint16_t>(base + offset)), opened_at);
  };
  const auto close = [&](result<allocation, error> a) {
    REQUIRE(a);
    r.allocator.release(std::move(a->ports), past_of("cam"), opened_at);
  };
  close(open(2));
  close(open(1));
  CHECK(open(3));
}

TEST_CASE("an address that is not ours is refused at once: another port would not help") {
  rig r;
  auto request = r.any();
  request.local = *endpoint::parse("192.0.2.1", 0);
  const auto a = r.allocator.allocate(request, opened_at);
  REQUIRE_FALSE(a);
  CHECK(a.error().code == errc::address_not_local);
  CHECK(r.sockets.calls(socket_call::bind_udp) == 1);
}

TEST_CASE("whichever step fails, nothing stays behind") {
  const auto explicit_port = GENERATE(false, true);
  const int failing = GENERATE(1, 2, 3);  // first bind, second bind, listen
  rig r;
  const int before = open_descriptors();
  int calls = 0;
  r.sockets.fault = [&](socket_call, int, const endpoint&) { return ++calls == failing ? EACCES : 0; };
  auto request = r.any(true);
  if (explicit_port) request.local = request.local.with_port(r.range.first);
  const auto a = r.allocator.allocate(request, opened_at);
  REQUIRE_FALSE(a);
  CHECK(a.error().code == errc::access_denied);
  CHECK(open_descriptors() == before);
  const auto f = r.allocator.figures();
  CHECK(f.free == 4);
  CHECK(f.leased == 0);
  CHECK(f.refused == 1);
  CHECK(f.requests == f.granted + f.refused);
}

TEST_CASE("an exhausted range is refused with the pool's figures") {
  rig r;
  std::vector<bound_ports> held;
  for (int i = 0; i < 4; ++i) held.push_back(std::move(r.allocator.allocate(r.any(), opened_at)->ports));
  const auto a = r.allocator.allocate(r.any(), opened_at);
  REQUIRE_FALSE(a);
  CHECK(a.error().code == errc::pool_exhausted);
  CHECK(a.error().text.find("4 pairs, 0 free, 4 in use, 0 resting") != std::string::npos);
}

TEST_CASE("an explicit port inside the range is reserved in the pool") {
  rig r;
  auto a = r.allocator.allocate(r.exactly(r.range.first), opened_at);
  REQUIRE(a);
  CHECK(r.allocator.figures().free == 3);
  CHECK_FALSE(r.allocator.allocate(r.exactly(static_cast<std::uint16_t>(r.range.first + 1)), opened_at));
  for (int i = 0; i < 3; ++i) {
    auto b = r.allocator.allocate(r.any(), opened_at);
    REQUIRE(b);
    CHECK(b->ports.port() != r.range.first);
  }
}

TEST_CASE("an odd explicit port touches two pairs and gives both back") {
  rig r;
  auto a = r.allocator.allocate(r.exactly(static_cast<std::uint16_t>(r.range.first + 1)), opened_at);
  REQUIRE(a);
  CHECK(r.allocator.figures().free == 2);
  r.allocator.release(std::move(a->ports), past_of("odd"), opened_at);
  r.allocator.sweep(opened_at + 5s);
  CHECK(r.allocator.figures().free == 4);
}
