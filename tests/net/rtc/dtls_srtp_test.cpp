// Two ends of one association, over a path that loses, repeats and forges.
#include "net/rtc/dtls_srtp.hpp"

#include <deque>
#include <random>

#include "tests/support/catch.hpp"
#include "tests/support/long_run.hpp"
#include "tests/support/packets.hpp"

using namespace berth::net;
using namespace berth::tests;

namespace {

using role = dtls_srtp::role;
using state = dtls_srtp::state;

std::shared_ptr<const dtls_identity> somebody() {
  const auto made = dtls_identity::make();
  REQUIRE(made);
  return *made;
}

struct pair {
  explicit pair(std::string fingerprint_for_server = {}) {
    const auto a = somebody(), b = somebody();
    client = dtls_srtp::make(a, {role::client, b->fingerprint()},
                             [this](bytes_view d) { to_server.emplace_back(d.begin(), d.end()); });
    server =
        dtls_srtp::make(b, {role::server, fingerprint_for_server.empty() ? a->fingerprint() : fingerprint_for_server},
                        [this](bytes_view d) { to_client.emplace_back(d.begin(), d.end()); });
  }
  /// Carries datagrams until nobody has any left.
  template <class Path>
  void carry(Path&& path) {
    while (!to_server.empty() || !to_client.empty()) {
      for (auto* way : {&to_server, &to_client}) {
        if (way->empty()) continue;
        const auto d = way->front();
        way->pop_front();
        auto& end = way == &to_server ? *server : *client;
        for (int times = path(d); times > 0; --times) end.on_datagram(d);
      }
    }
  }
  void shake_hands() {
    client->begin();
    carry([](const bytes&) { return 1; });
  }

  std::deque<bytes> to_server, to_client;
  std::unique_ptr<dtls_srtp> client, server;
};

}  // namespace

TEST_CASE("dtls_srtp: two ends agree, and each reads what the other has written", "[dtls_srtp]") {
  pair p;
  p.shake_hands();
  REQUIRE(p.client->now() == state::established);
  REQUIRE(p.server->now() == state::established);
  for (const bool rtcp : {false, true}) {
    const auto plain = rtcp ? bytes{0x80, 201, 0, 1, 0, 0, 0, 7} : make_rtp({.sequence = 1, .payload = 100});
    auto packet = plain;
    REQUIRE(p.client->protect(packet, rtcp));
    CHECK(packet.size() > plain.size());
    CHECK(packet != plain);
    auto forged = packet;
    forged.back() ^= 1;
    CHECK_FALSE(p.server->unprotect(forged, rtcp));
    CHECK(forged.empty());
    REQUIRE(p.server->unprotect(packet, rtcp));
    CHECK(packet == plain);
  }
  auto back = make_rtp({.sequence = 1, .payload = 50});
  const auto said = back;
  REQUIRE(p.server->protect(back, false));
  REQUIRE(p.client->unprotect(back, false));
  CHECK(back == said);
  bytes nothing{1, 2, 3};
  CHECK_FALSE(p.client->unprotect(nothing, false));

  p.client->end();
  p.carry([](const bytes&) { return 1; });
  CHECK(p.server->now() == state::ended);
  CHECK(p.server->complaint().empty());
}

TEST_CASE("dtls_srtp: a certificate that nobody announced ends it", "[dtls_srtp]") {
  pair p{somebody()->fingerprint()};
  p.shake_hands();
  CHECK(p.server->now() == state::ended);
  CHECK(p.server->complaint() == "the certificate is not the one of the session description");
  auto packet = make_rtp({.sequence = 1, .payload = 50});
  CHECK_FALSE(p.server->protect(packet, false));
}

TEST_CASE("dtls_srtp: the handshake outlives repetition, disorder and junk", "[dtls_srtp]") {
  for (unsigned seed = 1; seed <= at_length(20U); ++seed) {
    INFO("seed " << seed);
    std::mt19937 rng{seed};
    pair p;
    p.client->begin();
    p.carry([&](const bytes&) {
      for (int i = 0; i < 2; ++i) {
        bytes junk(rng() % 60);
        for (auto& b : junk) b = static_cast<std::uint8_t>(rng());
        if (!junk.empty()) junk[0] = static_cast<std::uint8_t>(20 + rng() % 44);
        p.server->on_datagram(junk);
        p.client->on_datagram(junk);
      }
      return 1 + static_cast<int>(rng() % 2);
    });
    CHECK(p.client->now() == state::established);
    CHECK(p.server->now() == state::established);
  }
}

TEST_CASE("dtls_srtp: datagrams are told apart by their first bytes", "[dtls_srtp]") {
  const auto kind = [](bytes b) { return kind_of(b); };
  CHECK(kind({0, 1}) == rtc_datagram::stun);
  CHECK(kind({22, 254}) == rtc_datagram::dtls);
  CHECK(kind({0x80, 96}) == rtc_datagram::rtp);
  CHECK(kind({0x80, 0xe0}) == rtc_datagram::rtp);
  CHECK(kind({0x81, 200}) == rtc_datagram::rtcp);
  CHECK(kind({0x90, 206}) == rtc_datagram::rtcp);
  CHECK(kind({64, 0}) == rtc_datagram::other);
  CHECK(kind({255, 0}) == rtc_datagram::other);
  CHECK(kind({0x80}) == rtc_datagram::other);
}
