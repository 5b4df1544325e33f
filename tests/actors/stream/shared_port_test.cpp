// One port for many streams, as the supervisor sees it.
#include "tests/support/catch.hpp"
#include "tests/support/harbour.hpp"

using namespace berth::actors;
using namespace berth::tests;
using namespace berth;
using namespace std::chrono_literals;

namespace {

/// Enough to be a stream.
void send_three(harbour& h, camera& from, std::uint16_t port) {
  for (int i = 0; i < 3; ++i) from.send(port);
  h.receive();
}

}  // namespace

TEST_CASE("a shared port makes a stream of every SSRC, also of many from one sender") {
  harbour h;
  const auto port = h.open_shared()->stream->port();
  camera a{0x0A0B0C0D};
  camera b{0x01};
  for (int i = 0; i < 5; ++i) {
    a.send(port);
    b.send(port);
    h.receive();
  }
  for (const auto* id : {"0A0B0C0D", "00000001"}) {
    const auto q = h.query(id);
    REQUIRE(q);
    CHECK(q->state == stream_state::active);
    CHECK(q->counters.accepted == 5);
    CHECK(q->port() == port);
  }
  CHECK(h.list().size() == 3);
}

TEST_CASE("one stray packet on a shared port opens nothing") {
  harbour h;
  const auto port = h.open_shared()->stream->port();
  camera{0x77}.send(port);
  h.receive();
  CHECK(h.list().size() == 1);
}

TEST_CASE("a closed stream of a shared port is not opened again by what its camera still sends") {
  harbour h;
  const auto port = h.open_shared()->stream->port();
  camera cam{0x77};
  send_three(h, cam, port);
  REQUIRE(h.query("00000077"));
  REQUIRE(h.close("00000077"));
  send_three(h, cam, port);
  CHECK_FALSE(h.query("00000077"));
  camera other{0x77};
  send_three(h, other, port);
  CHECK(h.query("00000077"));
}

TEST_CASE("who may not publish on a shared port is asked about again after some seconds, while it goes on sending") {
  harbour h{4, 0, nullptr, std::nullopt, harbour::hooks::asked};
  const auto port = h.open_shared()->stream->port();
  camera cam{0x77};
  const auto open_questions = [&] { return h.open_questions(hook_name::publish); };
  send_three(h, cam, port);
  REQUIRE(open_questions().size() == 1);
  h.answer(open_questions()[0], hook_outcome::refused(-1, "not now"));
  h.receive();
  CHECK_FALSE(h.query("00000077"));
  for (int second = 0; second < 4; ++second) {
    h.lab.advance(1s);
    send_three(h, cam, port);
    CHECK(open_questions().empty());
  }
  h.lab.advance(2s);
  send_three(h, cam, port);
  REQUIRE(open_questions().size() == 1);
  h.answer(open_questions()[0], hook_outcome::delivered());
  h.receive();
  CHECK(h.query("00000077"));
}

TEST_CASE("the end of a shared port ends its streams first") {
  harbour h;
  const auto port = h.open_shared()->stream->port();
  camera cam{0x77};
  send_three(h, cam, port);
  REQUIRE(h.query("00000077"));
  REQUIRE(h.close("shared"));
  CHECK(h.list().empty());
  CHECK(h.stats().closes[static_cast<std::size_t>(close_reason::port_closed)] == 1);
  CHECK(h.load == 0);
}

TEST_CASE("an SSRC whose name is taken is refused, and the port says why") {
  harbour h;
  REQUIRE(h.open("00000077"));
  const auto port = h.open_shared()->stream->port();
  camera cam{0x77};
  send_three(h, cam, port);
  cam.send(port);
  h.receive();
  CHECK(h.query("00000077")->state == stream_state::listening);
  CHECK(h.query("shared")->last_reason.find("is open already") != std::string::npos);
  CHECK(h.query("shared")->counters.refused[static_cast<std::size_t>(net::refusal::wrong_ssrc)] == 1);
}

TEST_CASE("what only a stream with a port of its own can do is refused to a shared port and its streams") {
  harbour h;
  const auto port = h.open_shared()->stream->port();
  camera cam{0x77};
  send_three(h, cam, port);
  for (const auto* id : {"shared", "00000077"}) {
    INFO(id);
    const auto updated = h.lab.ask(h.supervisor, update_ssrc_request{h.key(id), 8});
    REQUIRE_FALSE(updated);
    CHECK(updated.error().code == errc::shared_port);
    const auto connected = h.lab.ask(h.supervisor, connect_request{h.key(id), cam.local(), 1s});
    REQUIRE_FALSE(connected);
    CHECK(connected.error().code == errc::not_tcp_active);
  }
  CHECK(h.query("00000077")->ssrc_filter == 0x77);
}
