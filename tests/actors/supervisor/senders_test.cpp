// Senders in virtual time: receivers that report, that do not, that never come, and every order of start and stop.
#include "actors/supervisor/senders.hpp"

#include "net/rtp/rtcp_packet.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/harbour.hpp"
#include "tests/support/hex.hpp"
#include "tests/support/long_run.hpp"
#include "tests/support/real_sets.hpp"

using namespace berth;
using namespace berth::actors;
using namespace berth::tests;
using namespace std::chrono_literals;

namespace {

/// A node with streams that are fed picture by picture, and somebody to send them to.
struct pier : harbour {
  explicit pier(std::uint64_t seed = 0) : harbour(16, seed) {}

  void open_live(const std::string& id) {
    auto r = request(id);
    port_in(r).only_track = track_filter::video;  // nobody waits for sound
    sources_[id].port = harbour::open(r)->stream->port();
    feed(id);
  }
  /// A whole key frame of H.264.
  void feed(const std::string& id) {
    auto& s = sources_[id];
    const auto& sets = h264_sets[0];
    for (const auto& nal : {from_hex(sets.sps), from_hex(sets.pps), bytes{0x65, 0x88, 0x84, 0x21, 0xa0}}) {
      rtp_fields f{.sequence = s.sequence++, .timestamp = s.timestamp, .payload_type = 98, .payload = 0};
      f.marker = nal[0] == 0x65;
      auto packet = make_rtp(f);
      append(packet, nal);
      s.eye.send_raw(s.port, packet);
    }
    s.timestamp += 3600;
    receive();
  }
  /// A second passes, in which the stream goes on.
  void second(const std::string& id) {
    lab.advance(1s);
    feed(id);
  }

  send_request to_receiver(const std::string& id, std::string ssrc = "7") const {
    send_request r;
    r.key = key(id);
    r.ssrc = static_cast<std::uint32_t>(std::stoul(ssrc));
    r.ssrc_text = std::move(ssrc);
    r.remote = receiver.local();
    r.receiver_wait = 5s;
    return r;
  }
  outcome<sending_started> start(send_request r) {
    auto answer = lab.ask(supervisor, std::move(r));
    receive();
    return answer;
  }
  /// Asks, and does not wait for the answer.
  void self_start(const send_request& r) { caf::anon_send(supervisor, r); }
  outcome<completed> stop(const std::string& id, const std::string& ssrc = "") {
    return lab.ask(supervisor, stop_sending_request{key(id), ssrc});
  }
  std::vector<sender_status> senders_of(const std::string& id) {
    auto answer = lab.ask(supervisor, senders_request{key(id)});
    return answer ? answer->senders : std::vector<sender_status>{};
  }
  int viewers(const std::string& id) {
    const auto status = query(id);
    return status && status->media ? status->media->all_viewers() : 0;
  }
  /// How the sender ended that was told of last; none if there was no such event.
  send_end last_end() const {
    for (auto e = events.rbegin(); e != events.rend(); ++e)
      if (e->kind == event_kind::sender_stopped) return e->sender->end;
    return send_end::none;
  }
  std::size_t leased() { return ports().figures.leased; }

  camera receiver;

 private:
  struct source {
    tests::camera eye;
    std::uint16_t port = 0;
    std::uint16_t sequence = 1;
    std::uint32_t timestamp = 0;
  };
  std::map<std::string, source> sources_;
};

bytes receiver_report() {
  bytes b(300);
  b.resize(net::build_receiver_report(b, 1, {.ssrc = 7}, "upper"));
  return b;
}

}  // namespace

TEST_CASE("senders: one that expects reports ends after 30 s without any, and goes on for as long as they come") {
  pier p;
  p.open_live("cam");
  auto wanted = p.to_receiver("cam");
  wanted.expect_reports = GENERATE(true, false);
  const bool reports = GENERATE(true, false);
  const auto started = p.start(wanted);
  REQUIRE(started);
  CHECK(p.viewers("cam") == 1);
  for (int second = 0; second < 29; ++second) p.second("cam");
  CHECK(p.senders_of("cam").size() == 1);
  if (reports) p.receiver.send_raw(started->local_port, receiver_report());
  for (int second = 0; second < 3; ++second) p.second("cam");
  const bool goes_on = reports || !wanted.expect_reports;
  CHECK(p.senders_of("cam").size() == (goes_on ? 1 : 0));
  CHECK(p.last_end() == (goes_on ? send_end::none : send_end::timed_out));
  CHECK(p.viewers("cam") == (goes_on ? 1 : 0));
  CHECK(p.leased() == (goes_on ? 2 : 1));
}

TEST_CASE("senders: a stranger's report is none") {
  pier p;
  p.open_live("cam");
  auto wanted = p.to_receiver("cam");
  wanted.expect_reports = true;
  wanted.remote = *net::endpoint::parse("127.0.0.2", 9);  // a place of its own on the loopback
  const auto started = p.start(wanted);
  REQUIRE(started);
  for (int second = 0; second < 32; ++second) {
    p.receiver.send_raw(started->local_port, receiver_report());
    p.second("cam");
  }
  CHECK(p.senders_of("cam").empty());
}

TEST_CASE("senders: one that can not be made is refused, and its port is free again") {
  pier p;
  p.open_live("cam");
  const auto before = p.leased();
  p.fail_placing = true;
  const auto refused = p.start(p.to_receiver("cam"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::internal);
  CHECK(refused.error().text.find("no reactor") != std::string::npos);
  CHECK(p.leased() == before);
  CHECK(p.viewers("cam") == 0);
  CHECK(p.senders_of("cam").empty());
  CHECK(p.told(event_kind::sender_stopped) == 0);
  p.fail_placing = false;
  CHECK(p.start(p.to_receiver("cam")));
}

TEST_CASE("senders: a passive one is found at its RTP port, not at the one for reports") {
  pier p;
  p.open_live("cam");
  auto wanted = p.to_receiver("cam");
  wanted.way = send_way::udp_passive;
  wanted.remote = {};
  const auto started = p.start(wanted);
  REQUIRE(started);
  p.receiver.send_raw(static_cast<std::uint16_t>(started->local_port + 1), receiver_report());
  p.receive();
  CHECK_FALSE(p.senders_of("cam").at(0).remote.is_set());
  p.receiver.send_raw(started->local_port, bytes{0});
  p.receive();
  CHECK(p.senders_of("cam").at(0).remote == p.receiver.local());
}

TEST_CASE("senders: whatever waits for its receiver waits at a port of the range") {
  pier p;
  p.open_live("cam");
  auto wanted = p.to_receiver("cam");
  wanted.way = GENERATE(send_way::tcp_passive, send_way::udp_passive);
  const auto before = p.leased();
  const auto started = p.start(wanted);
  REQUIRE(started);
  CHECK(p.settings.allocator.range.contains(started->local_port));
  CHECK(started->local_port % 2 == 0);
  CHECK(p.leased() == before + 1);
  CHECK(p.stop("cam"));
  CHECK(p.leased() == before);
}

TEST_CASE("senders: one that nobody comes to ends when its patience is over, with its port") {
  pier p;
  p.open_live("cam");
  auto wanted = p.to_receiver("cam");
  wanted.way = GENERATE(send_way::tcp_passive, send_way::udp_passive);
  wanted.receiver_wait = 3s;
  const auto before = p.leased();
  REQUIRE(p.start(wanted));
  p.second("cam");
  p.second("cam");
  CHECK(p.senders_of("cam").size() == 1);
  CHECK(p.viewers("cam") == 0);  // nobody watches yet
  p.second("cam");
  CHECK(p.senders_of("cam").empty());
  CHECK(p.last_end() == send_end::timed_out);
  CHECK(p.leased() == before);
}

TEST_CASE("senders: a passive one sends to whoever sends first") {
  pier p;
  p.open_live("cam");
  auto wanted = p.to_receiver("cam");
  wanted.way = send_way::udp_passive;
  const auto started = p.start(wanted);
  REQUIRE(started);
  p.receiver.send_raw(started->local_port, {1, 2, 3});
  p.receive();
  for (int second = 0; second < 8; ++second) p.second("cam");
  const auto list = p.senders_of("cam");
  REQUIRE(list.size() == 1);
  CHECK(list[0].remote == p.receiver.local());
  CHECK(list[0].packets > 5);
}

TEST_CASE("senders: the end of a stream is the end of its senders, told once") {
  pier p;
  p.open_live("cam");
  REQUIRE(p.start(p.to_receiver("cam", "1")));
  REQUIRE(p.start(p.to_receiver("cam", "2")));
  CHECK(p.stats().senders == 2);
  REQUIRE(p.close("cam"));
  p.receive();
  CHECK(p.stats().senders == 0);
  CHECK(p.told(event_kind::sender_stopped) == 2);
  CHECK(p.last_end() == send_end::source_ended);
  CHECK(p.leased() == 0);
}

TEST_CASE("senders: the bound is kept, and what is refused takes no port") {
  pier p;
  p.settings.max_senders = 2;
  p.apply();
  p.open_live("cam");
  REQUIRE(p.start(p.to_receiver("cam", "1")));
  REQUIRE(p.start(p.to_receiver("cam", "2")));
  const auto third = p.start(p.to_receiver("cam", "3"));
  REQUIRE_FALSE(third);
  CHECK(third.error().code == errc::too_many_streams);
  CHECK(p.leased() == 3);
  // The same name again takes a place, it needs none.
  CHECK(p.start(p.to_receiver("cam", "2")));
}

TEST_CASE("senders: one SSRC is one sender, however its number is written") {
  pier p;
  p.open_live("cam");
  REQUIRE(p.start(p.to_receiver("cam", "7")));
  auto again = p.to_receiver("cam", "7");
  again.ssrc_text = "0000000007";
  REQUIRE(p.start(again));
  CHECK(p.senders_of("cam").size() == 1);
  REQUIRE(p.start(p.to_receiver("cam", "70")));
  CHECK(p.senders_of("cam").size() == 2);
  CHECK_FALSE(p.stop("cam", "0"));
  CHECK(p.stop("cam", " 007"));
  CHECK(p.senders_of("cam").size() == 1);
}

TEST_CASE("senders: a stop is answered when the ports are out of use, whatever the schedule") {
  for (std::uint64_t seed = 0; seed < at_length(20U); ++seed) {
    INFO("seed " << seed);
    pier p{seed};
    p.open_live("a");
    p.open_live("b");
    std::mt19937_64 random{seed};
    for (int i = 0; i < 60; ++i) {
      const std::string id = random() % 2 == 0 ? "a" : "b";
      const auto ssrc = std::to_string(random() % 3 + 1);
      switch (random() % 4) {
        case 0:
        case 1: {
          auto wanted = p.to_receiver(id, ssrc);
          wanted.beside_others = random() % 4 == 0;
          p.self_start(wanted);
          break;
        }
        case 2:
          caf::anon_send(p.supervisor, stop_sending_request{p.key(id), random() % 3 == 0 ? "" : ssrc});
          break;
        default:
          p.feed(id);
      }
      for (auto steps = random() % 6; steps > 0; --steps) p.lab.step();
    }
    p.lab.run_shuffled();
    p.receive();
    CHECK(p.stats().senders == p.senders_of("a").size() + p.senders_of("b").size());
    for (const std::string id : {"a", "b"}) {
      CHECK(p.viewers(id) == static_cast<int>(p.senders_of(id).size()));
      if (!p.senders_of(id).empty()) CHECK(p.stop(id));
      CHECK(p.senders_of(id).empty());
      CHECK(p.viewers(id) == 0);
    }
    CHECK(p.leased() == 2);
  }
}

TEST_CASE("senders: the daemon's end is theirs, and nothing stays behind") {
  pier p;
  p.open_live("cam");
  REQUIRE(p.start(p.to_receiver("cam", "1")));
  auto passive = p.to_receiver("cam", "2");
  passive.way = send_way::tcp_passive;
  REQUIRE(p.start(passive));
  auto talk = p.to_receiver("cam", "3");
  talk.way = send_way::talk;
  talk.answering_stream = "cam";
  REQUIRE(p.start(talk));
  CHECK(p.stats().senders == 3);
  // Who waits for the end of a sender meanwhile is answered before the supervisor goes.
  auto stopping = p.lab.self->request(p.supervisor, caf::infinite, stop_sending_request{p.key("cam"), "1"});
  CHECK(p.lab.ask(p.supervisor, shutdown_request{}));
  REQUIRE(p.lab.self->has_next_message());
  stopping.receive([](outcome<completed>& o) { CHECK(o); }, [](caf::error&) { FAIL("no answer"); });
  CHECK(p.told(event_kind::sender_stopped) == 3);
  CHECK(p.last_end() == send_end::stopped);
  CHECK(p.load == 0);
}

TEST_CASE(
    "senders: a talk ends with the stream that it goes through, and that stream with the talk it was opened for") {
  pier p;
  p.open_live("cam");
  p.open_live("other");
  auto talk = p.to_receiver("cam", "1");
  talk.way = send_way::talk;
  talk.answering_stream = "other";
  REQUIRE(p.start(talk));
  for (int second = 0; second < 3; ++second) p.second("cam");
  CHECK(p.senders_of("cam").at(0).packets >= 3);
  auto second_one = talk;
  second_one.ssrc_text = "2";
  const auto refused = p.start(second_one);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::not_sendable);
  REQUIRE(p.close("other"));
  CHECK(p.senders_of("cam").empty());
  CHECK(p.last_end() == send_end::reset);

  auto answered = p.to_receiver("cam", "3");
  answered.way = send_way::tcp_passive;
  answered.answering_stream = "device";
  answered.receiver_wait = 10'000s;
  REQUIRE(p.start(answered));
  for (int minute = 0; minute < 3; ++minute)
    for (int second = 0; second < 60; ++second) p.second("cam");
  CHECK(p.query("device"));  // it waits for longer than streams do that were opened without patience
  REQUIRE(p.stop("cam", "3"));
  CHECK_FALSE(p.query("device"));
  CHECK(p.last_end() == send_end::stopped);
}
