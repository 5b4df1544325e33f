// A port that goes from one stream to the next while somebody still sends to it: who feeds the next one.
#include "tests/support/catch.hpp"
#include "tests/support/harbour.hpp"

using namespace berth::actors;
using namespace berth::tests;
using namespace berth;
using namespace std::chrono_literals;

namespace {

std::uint16_t port_left_by(harbour& h, const std::string& stream, camera& fed_by) {
  const auto port = h.open(stream)->stream->port();
  fed_by.send(port);
  h.receive();
  REQUIRE(h.close(stream));
  return port;
}

}  // namespace

TEST_CASE("a device that begins another stream on a port that rests is heard at once, with and without a filter") {
  const bool filtered = GENERATE(false, true);
  harbour h{1};
  camera device{7};
  const auto port = port_left_by(h, "first", device);
  auto next = h.request("second");
  h.port_in(next).ssrc = filtered ? 8 : 0;
  REQUIRE(h.open(next)->stream->port() == port);
  device.send(port);
  h.receive();
  CHECK(h.query("second")->counters.refused[static_cast<std::size_t>(net::refusal::resting)] == 1);
  device.send_raw(port, rtp_source{8}.next());
  h.receive();
  CHECK(h.query("second")->counters.accepted == 1);
  CHECK(h.query("second")->state == stream_state::active);
}

TEST_CASE("a stream that is opened again on its port is fed by whoever fed it") {
  harbour h{1};
  camera own{7};
  const auto port = port_left_by(h, "cam", own);
  own.send(port);
  REQUIRE(h.open("cam")->stream->port() == port);
  own.send(port);
  h.receive();
  CHECK(h.query("cam")->counters.accepted == 1);
  CHECK(h.query("cam")->state == stream_state::active);
}

TEST_CASE("who sent to a port besides its stream is not heard when that stream comes back") {
  harbour h{1};
  camera own{7};
  camera stranger{9};
  const auto port = port_left_by(h, "cam", own);
  stranger.send(port);
  own.send(port);
  REQUIRE(h.open("cam")->stream->port() == port);
  stranger.send(port);
  own.send(port);
  h.receive();
  CHECK(h.query("cam")->peer == own.local());
  CHECK(h.query("cam")->counters.refused[static_cast<std::size_t>(net::refusal::resting)] == 1);
}

TEST_CASE("a camera that restarts while the port of its stream rests is heard when the stream comes back") {
  const bool filtered = GENERATE(false, true);
  harbour h{1};
  camera before{7}, restarted{9};
  const auto port = port_left_by(h, "cam", before);
  // With the SSRC that is asked for it is heard even if the former one still is.
  if (filtered) before.send(port);
  restarted.send(port);
  h.lab.advance(1s);
  auto again = h.request("cam");
  h.port_in(again).ssrc = filtered ? 9 : 0;
  REQUIRE(h.open(again)->stream->port() == port);
  restarted.send(port);
  h.receive();
  CHECK(h.query("cam")->counters.accepted == 1);
  CHECK(h.query("cam")->peer == restarted.local());
}

TEST_CASE("who fed a stream does not feed the shared port that gets its port, nor what comes behind that") {
  harbour h{1};
  camera old{7};
  const auto port = port_left_by(h, "first", old);
  REQUIRE(h.open_shared()->stream->port() == port);
  for (int i = 0; i < 3; ++i) old.send(port);
  h.receive();
  CHECK(h.list().size() == 1);
  CHECK(h.query("shared")->counters.refused[static_cast<std::size_t>(net::refusal::resting)] == 3);
  REQUIRE(h.close("shared"));
  REQUIRE(h.open("third")->stream->port() == port);
  old.send(port);
  h.receive();
  CHECK(h.query("third")->counters.refused[static_cast<std::size_t>(net::refusal::resting)] == 1);
}

TEST_CASE("a camera with two SSRCs feeds no other stream with either of them") {
  harbour h{1};
  camera both{7};
  const auto port = h.open("first")->stream->port();
  both.send(port);
  h.receive();
  both.send_raw(port, rtp_source{8}.next());
  h.receive();
  REQUIRE(h.close("first"));
  REQUIRE(h.open("second")->stream->port() == port);
  both.send_raw(port, rtp_source{8}.next());
  both.send(port);
  h.receive();
  CHECK(h.query("second")->counters.refused[static_cast<std::size_t>(net::refusal::resting)] == 2);
}

TEST_CASE("a stranger on a resting port does not hide who fed its stream from the one that comes next") {
  harbour h{1};
  camera own{7};
  camera stranger{9};
  const auto port = port_left_by(h, "first", own);
  stranger.send(port);
  h.lab.advance(1s);
  REQUIRE(h.open("second")->stream->port() == port);
  own.send(port);
  stranger.send(port);
  h.receive();
  CHECK(h.query("second")->state == stream_state::listening);
  CHECK(h.query("second")->counters.refused[static_cast<std::size_t>(net::refusal::resting)] == 2);
}

TEST_CASE("who is refused by a stream is refused by the next one of its port, however short it was") {
  harbour h{1};
  camera old{7};
  const auto port = port_left_by(h, "first", old);
  for (const auto* key : {"second", "third", "third"}) {
    REQUIRE(h.open(key)->stream->port() == port);
    REQUIRE(h.close(key));
  }
  REQUIRE(h.open("third")->stream->port() == port);
  old.send(port);
  h.receive();
  CHECK(h.query("third")->counters.refused[static_cast<std::size_t>(net::refusal::resting)] == 1);
}

TEST_CASE("a stream that nobody fed in time is fed by who came late, when it comes back") {
  harbour h{1};
  const auto port = h.open("cam")->stream->port();
  REQUIRE(h.close("cam"));
  camera late{7};
  late.send(port);
  h.lab.advance(1s);
  REQUIRE(h.open("cam")->stream->port() == port);
  late.send(port);
  h.receive();
  CHECK(h.query("cam")->counters.accepted == 1);
}

TEST_CASE("a camera that keeps sending after its close never appears in the stream that gets the port next") {
  harbour h{1};
  camera old{7};
  const auto port = h.open("first")->stream->port();
  old.send(port);
  h.receive();
  REQUIRE(h.close("first"));
  old.send(port);
  const auto b = h.open("second");  // the only pair: under pressure it is given at once
  REQUIRE(b);
  REQUIRE(b->stream->port() == port);
  for (int i = 0; i < 10; ++i) {
    old.send(port);
    h.receive();
    h.lab.advance(1s);
  }
  CHECK(h.query("second")->state == stream_state::listening);
  CHECK(h.query("second")->counters.refused[static_cast<std::size_t>(net::refusal::resting)] == 10);
  camera fresh{9};
  fresh.send(port);
  h.receive();
  CHECK(h.query("second")->state == stream_state::active);
  CHECK(h.query("second")->peer == fresh.local());
}
