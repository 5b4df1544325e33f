// A stream's frames through real sockets, to receivers that are quick, slow, gone, or not there at all.
#include "net/egress/rtp_pump.hpp"

#include <sys/socket.h>

#include <cerrno>

#include "net/base/unique_fd.hpp"
#include "net/egress/packetizers.hpp"
#include "net/io/socket_factory.hpp"
#include "net/media/live_media.hpp"
#include "net/rtp/tcp_framing.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/encoded_media.hpp"
#include "tests/support/receiver_under_test.hpp"

using namespace berth::net;
using namespace berth::tests;

namespace {

constexpr rtp_identity pump_identity{.ssrc = 0x1234, .payload_type = 96, .first_sequence = 1, .first_timestamp = 0};

struct source {
  explicit source(int frames = 40, fan_out::limits l = {}) : out(std::make_shared<fan_out>(l)) {
    video = encode_h264({.width = 640, .height = 480, .frames = frames, .gop = 10});
    out->set_tracks({video[0]->of});
  }
  void publish(std::size_t from, std::size_t to) {
    for (auto i = from; i < to; ++i) out->on_frame(video[i]);
    out->publish();
  }
  void publish_all() { publish(0, video.size()); }
  std::unique_ptr<rtp_packetizer> packetizer(std::size_t payload = 1400) const {
    return make_packetizer(rtp_packing::ps, {video[0]->of}, pump_identity, {.video_payload = payload});
  }

  fan_out_ptr out;
  std::vector<frame_ptr> video;
  send_counters counters;
};

struct pair {
  explicit pair(int type) {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    ours = unique_fd{ends[0]};
    theirs = unique_fd{ends[1]};
  }
  /// What has arrived; empty at the end.
  bytes read() {
    bytes b(1 << 20);
    const auto got = ::recv(theirs.get(), b.data(), b.size(), MSG_DONTWAIT);
    b.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return b;
  }
  unique_fd ours, theirs;
};

}  // namespace

TEST_CASE("rtp_pump: a TCP receiver gets every frame, however little it takes at a time", "[rtp_pump]") {
  source s;
  rtp_pump pump{s.out, s.packetizer(), s.counters};
  pump.join([] {});
  pair p{SOCK_STREAM};
  const int small = 4096;
  ::setsockopt(p.ours.get(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
  s.publish_all();
  s.out->end();

  receiver_under_test r{track_wish::video};
  tcp_framing framing;
  bool blocked = false;
  auto state = rtp_pump::state::drained;
  while (state != rtp_pump::state::ended) {
    state = pump.to_tcp(p.ours.get());
    REQUIRE(state != rtp_pump::state::failed);
    blocked |= state == rtp_pump::state::blocked;
    for (auto got = p.read(); !got.empty(); got = p.read())
      framing.feed(got, [&](const tcp_frame& f) { r.receive(bytes(f.bytes.begin(), f.bytes.end())); });
  }
  r.end();
  // Those that are kept: the group of pictures under way and, once pump_identity reads, the one before.
  const auto got = r.of(media_kind::video);
  REQUIRE_FALSE(got.empty());
  check_same(got, {s.video.end() - static_cast<std::ptrdiff_t>(got.size()), s.video.end()});
  CHECK(blocked);
  CHECK(framing.resyncs() == 0);
  CHECK(s.counters.packets.value() == framing.frames());
}

TEST_CASE("rtp_pump: a UDP receiver gets a burst at a pace, and the first thing it gets is a key frame", "[rtp_pump]") {
  source s;
  rtp_pump pump{s.out, s.packetizer(100), s.counters};
  const auto place = s.out->join([] {});
  posix_socket_factory sockets;
  const auto loopback = *endpoint::parse("127.0.0.1", 0);
  auto from = sockets.bind_udp(loopback, {}), to = sockets.bind_udp(loopback, {});
  REQUIRE(from);
  REQUIRE(to);
  s.publish(0, 15);
  receiver_under_test r{track_wish::video};
  const auto receive = [&] {
    std::size_t n = 0;
    for (bytes b(2000);; ++n) {
      b.resize(2000);
      const auto got = ::recv(to->get(), b.data(), b.size(), MSG_DONTWAIT);
      if (got <= 0) return n;
      b.resize(static_cast<std::size_t>(got));
      r.receive(b);
    }
  };
  int turns = 0;
  while (pump.to_udp(from->get(), local_endpoint(to->get())) == rtp_pump::state::paced) {
    CHECK(receive() == rtp_pump::packets_a_turn);
    ++turns;
  }
  receive();
  for (std::size_t i = 15; i < s.video.size(); ++i) {
    s.publish(i, i + 1);
    while (pump.to_udp(from->get(), local_endpoint(to->get())) != rtp_pump::state::drained) receive();
    receive();
  }
  s.out->end();
  while (pump.to_udp(from->get(), local_endpoint(to->get())) != rtp_pump::state::ended) receive();
  receive();
  r.end();
  check_same(r.of(media_kind::video), {s.video.begin() + 10, s.video.end()});
  CHECK(turns > 0);
  CHECK(pump.error() == 0);
  CHECK(s.counters.packets.value() == pump.writer().packets());
}

TEST_CASE("rtp_pump: a receiver that stops reading goes on at a key frame, and the rest is counted", "[rtp_pump]") {
  source s{60, {.frames = 25}};
  rtp_pump pump{s.out, s.packetizer(), s.counters};
  const auto place = s.out->join([] {});
  pair p{SOCK_STREAM};
  const int small = 4096;
  ::setsockopt(p.ours.get(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
  s.publish(0, 12);
  REQUIRE(pump.to_tcp(p.ours.get()) == rtp_pump::state::blocked);
  s.publish(12, 60);
  s.out->end();
  receiver_under_test r{track_wish::video};
  tcp_framing framing;
  while (pump.to_tcp(p.ours.get()) != rtp_pump::state::ended)
    for (auto got = p.read(); !got.empty(); got = p.read())
      framing.feed(got, [&](const tcp_frame& f) { r.receive(bytes(f.bytes.begin(), f.bytes.end())); });
  for (auto got = p.read(); !got.empty(); got = p.read())
    framing.feed(got, [&](const tcp_frame& f) { r.receive(bytes(f.bytes.begin(), f.bytes.end())); });
  r.end();
  const auto got = r.of(media_kind::video);
  CHECK(s.counters.skipped.value() > 0);
  CHECK(got.size() + s.counters.skipped.value() == 50);
  CHECK(got.front()->data == s.video[10]->data);
  CHECK(got.back()->data == s.video[59]->data);
  CHECK(framing.resyncs() == 0);
}

TEST_CASE("rtp_pump: a closed connection is a failure with its reason", "[rtp_pump]") {
  source s;
  rtp_pump pump{s.out, s.packetizer(), s.counters};
  pair p{SOCK_STREAM};
  p.theirs.reset();
  s.publish_all();
  CHECK(pump.to_tcp(p.ours.get()) == rtp_pump::state::failed);
  CHECK(pump.error() == EPIPE);
}

TEST_CASE("rtp_pump: a port that nobody has is told by the system, and the rest is sent all the same", "[rtp_pump]") {
  source s;
  rtp_pump pump{s.out, s.packetizer(), s.counters};
  posix_socket_factory sockets;
  const auto loopback = *endpoint::parse("127.0.0.1", 0);
  auto from = sockets.bind_udp(loopback, {});
  REQUIRE(from);
  report_refusals(from->get());
  endpoint nobody;
  {
    auto to = sockets.bind_udp(loopback, {});
    REQUIRE(to);
    nobody = local_endpoint(to->get());
  }
  s.publish_all();
  while (pump.to_udp(from->get(), nobody) == rtp_pump::state::paced) {
  }
  CHECK(pump.take_error() == ECONNREFUSED);
  CHECK(pump.error() == 0);
  CHECK(s.counters.unsent.value() > 0);
  CHECK(s.counters.packets.value() + s.counters.unsent.value() == pump.writer().packets());
}
