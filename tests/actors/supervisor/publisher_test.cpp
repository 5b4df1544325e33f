// From the first packet to viewers who are let in: every question to a hook is answered when the test says so.
#include "actors/supervisor/publisher.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/harbour.hpp"
#include "tests/support/hex.hpp"
#include "tests/support/real_sets.hpp"

using namespace berth;
using namespace berth::actors;
using namespace berth::tests;
using namespace std::chrono_literals;

namespace {

/// A node whose hooks are on, and one stream on it.
struct quay : harbour {
  quay() : harbour(4, 0, nullptr, std::nullopt, hooks::asked) {
    settings.none_reader_after = 20s;
    apply();
  }

  std::uint16_t open_stream(const std::string& id) {
    auto r = request(id);
    port_in(r).only_track = track_filter::video;  // nobody waits for sound
    return harbour::open(r)->stream->port();
  }
  /// A whole key frame of H.264.
  void feed(std::uint16_t port) {
    const auto& sets = h264_sets[0];
    for (const auto& nal : {from_hex(sets.sps), from_hex(sets.pps), bytes{0x65, 0x88, 0x84, 0x21, 0xa0}}) {
      rtp_fields f{.sequence = sequence_++, .timestamp = timestamp_, .payload_type = 98, .payload = 0};
      f.marker = nal[0] == 0x65;
      auto packet = make_rtp(f);
      append(packet, nal);
      camera_.send_raw(port, packet);
    }
    timestamp_ += 3600;
    receive();
  }

  using harbour::answer;
  /// Answers the oldest question of one kind.
  void answer(hook_name name, hook_outcome o) {
    const auto waiting = open_questions(name);
    REQUIRE_FALSE(waiting.empty());
    answer(waiting.front(), std::move(o));
  }

  /// Asks to watch; what comes of it is in the pointer once it is settled.
  std::shared_ptr<std::optional<outcome<watched>>> watch(const std::string& id, net::schema as, net::duration wait) {
    watch_request r;
    r.who.key = key(id);
    r.who.id = "viewer";
    r.who.as = as;
    r.wait = wait;
    auto settled = std::make_shared<std::optional<outcome<watched>>>();
    viewers_.push_back(lab.system.spawn([supervisor = supervisor, r, settled](caf::event_based_actor* self) {
      self->request(supervisor, caf::infinite, r).then([settled](outcome<watched>& o) { *settled = std::move(o); });
    }));
    lab.run();
    return settled;
  }

 private:
  camera camera_;
  std::uint16_t sequence_ = 1;
  std::uint32_t timestamp_ = 0;
  std::vector<caf::actor> viewers_;
};

hook_outcome with(std::vector<std::pair<std::string, std::string>> members) {
  auto o = hook_outcome::delivered();
  o.members = std::move(members);
  return o;
}

}  // namespace

TEST_CASE("publisher: on_publish is asked once, at the first packet, and nothing can be watched before its answer") {
  quay q;
  const auto port = q.open_stream("cam");
  for (int i = 0; i < 5; ++i) q.feed(port);
  const auto asked = q.open_questions(hook_name::publish);
  REQUIRE(asked.size() == 1);
  CHECK(q.questions[asked[0]].stream().key.stream == "cam");
  CHECK(q.told(event_kind::media_registered) == 0);
  q.answer(hook_name::publish, hook_outcome::delivered());
  q.feed(port);
  CHECK(q.told(event_kind::media_registered) == 1);
  CHECK(q.open_questions(hook_name::publish).empty());
}

TEST_CASE("publisher: a new name finds the stream, the old one too, and one that is taken refuses it") {
  quay q;
  const auto port = q.open_stream("cam");
  q.feed(port);
  q.answer(hook_name::publish, with({{"stream_replace", "public"}}));
  CHECK(q.query("public")->key.stream == "cam");
  CHECK(q.query("cam")->public_key().stream == "public");

  const auto other = q.open_stream("other");
  q.feed(other);
  q.answer(hook_name::publish, with({{"stream_replace", "public"}}));
  CHECK_FALSE(q.query("other"));
  CHECK(q.query("public")->key.stream == "cam");
  CHECK(q.close("public"));
  CHECK_FALSE(q.query("cam"));
  CHECK_FALSE(q.query("public"));
}

TEST_CASE("publisher: a refused stream is closed, with the reason, and an answer about a former life touches nobody") {
  quay q;
  q.feed(q.open_stream("cam"));
  q.answer(hook_name::publish, hook_outcome::refused(401, "not from here"));
  CHECK_FALSE(q.query("cam"));
  const auto closed =
      std::find_if(q.events.begin(), q.events.end(), [](const auto& e) { return e.kind == event_kind::stream_closed; });
  REQUIRE(closed != q.events.end());
  CHECK(closed->stream->reason == close_reason::publish_refused);
  CHECK(closed->stream->last_reason == "on_publish: not from here");

  q.feed(q.open_stream("again"));
  CHECK(q.close("again"));
  const auto port = q.open_stream("again");
  q.answer(hook_name::publish, hook_outcome::refused(401, "too late"));  // of the first life
  REQUIRE(q.query("again"));
  q.feed(port);
  CHECK(q.open_questions(hook_name::publish).size() == 1);
}

TEST_CASE(
    "publisher: a viewer who comes first is let in when the stream is there, and on_stream_not_found is asked once") {
  quay q;
  const auto first = q.watch("cam", net::schema::rtmp, 15s);
  const auto second = q.watch("cam", net::schema::fmp4, 15s);
  q.answer(hook_name::play, hook_outcome::delivered());
  q.answer(hook_name::play, hook_outcome::delivered());
  CHECK(q.open_questions(hook_name::stream_not_found).size() == 1);
  CHECK_FALSE(*first);
  const auto port = q.open_stream("cam");
  q.feed(port);
  q.answer(hook_name::publish, hook_outcome::delivered());
  q.feed(port);
  for (const auto& viewer : {first, second}) {
    REQUIRE(*viewer);
    REQUIRE((*viewer)->has_value());
    CHECK((**viewer)->key.stream == "cam");
    CHECK((**viewer)->media != nullptr);
  }
}

TEST_CASE("publisher: who waits in vain is told when its time is up, or when on_stream_not_found says so") {
  quay q;
  const auto patient = q.watch("cam", net::schema::rtmp, 5s);
  q.answer(hook_name::play, hook_outcome::delivered());
  q.lab.advance(4900ms);
  CHECK_FALSE(*patient);
  q.lab.advance(300ms);
  REQUIRE(*patient);
  CHECK((*patient)->error().code == errc::not_found);

  const auto sent_away = q.watch("cam", net::schema::rtmp, 1h);
  q.answer(hook_name::play, hook_outcome::delivered());
  const auto not_found = q.open_questions(hook_name::stream_not_found);
  REQUIRE_FALSE(not_found.empty());
  q.answer(not_found.back(), with({{"close", "true"}}));
  REQUIRE(*sent_away);
  CHECK((*sent_away)->error().code == errc::not_found);

  const auto refused = q.watch("cam", net::schema::rtmp, 1h);
  q.answer(hook_name::play, hook_outcome::refused(401, "who are you"));
  REQUIRE(*refused);
  CHECK((*refused)->error().code == errc::play_refused);
  CHECK((*refused)->error().text == "who are you");
}

TEST_CASE("publisher: a form that on_publish switches off is refused by name, to those who waited for it too") {
  quay q;
  const auto early = q.watch("cam", net::schema::hls, 15s);
  q.answer(hook_name::play, hook_outcome::delivered());
  const auto port = q.open_stream("cam");
  q.feed(port);
  q.answer(hook_name::publish, with({{"enable_hls", "false"}, {"enable_ts", "0"}}));
  q.feed(port);
  const auto late = q.watch("cam", net::schema::ts, 15s);
  q.answer(hook_name::play, hook_outcome::delivered());
  for (const auto& viewer : {early, late}) {
    REQUIRE(*viewer);
    REQUIRE_FALSE((*viewer)->has_value());
    CHECK((*viewer)->error().code == errc::schema_off);
  }
  CHECK((*late)->error().text.find("is not served as ts") != std::string::npos);
  const auto welcome = q.watch("cam", net::schema::rtmp, 15s);
  q.answer(hook_name::play, hook_outcome::delivered());
  REQUIRE(*welcome);
  CHECK((*welcome)->has_value());
}

TEST_CASE("publisher: nobody watches: asked after a while, and closed only if the answer says so") {
  quay q;
  const auto port = q.open_stream("cam");
  q.feed(port);
  q.answer(hook_name::publish, hook_outcome::delivered());
  const auto keep_alive = [&](net::duration time) {
    for (; time > 0s; time -= 1s) {
      q.feed(port);
      q.lab.advance(1s);
    }
  };
  keep_alive(18s);
  CHECK(q.open_questions(hook_name::stream_none_reader).empty());
  keep_alive(4s);
  q.answer(hook_name::stream_none_reader, with({{"close", "false"}}));
  CHECK(q.query("cam"));
  keep_alive(22s);
  q.answer(hook_name::stream_none_reader, with({{"close", "true"}}));
  CHECK_FALSE(q.query("cam"));
}
