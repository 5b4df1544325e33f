// Streams that the node fetches, in virtual time: sources that come, fail, are lost and come back, in every order.
#include "actors/stream/sourced_stream.hpp"

#include <algorithm>

#include "tests/support/catch.hpp"
#include "tests/support/harbour.hpp"
#include "tests/support/long_run.hpp"

using namespace berth;
using namespace berth::actors;
using namespace berth::tests;
using namespace std::chrono_literals;

namespace {

struct quay : harbour {
  explicit quay(std::uint64_t seed = 0, hooks ask = hooks::none) : harbour(4, seed, nullptr, std::nullopt, ask) {}
  using harbour::answer;

  static open_request wanted(const std::string& id, bool file = false) {
    sourced from;
    from.source = std::make_shared<net::source_options>(
        net::source_options{.url = file ? "/film" : "rtsp://admin:secret@192.0.2.1/" + id, .file = file});
    from.publish.emplace().add_mute_audio = false;
    auto r = request(id);
    r.what = std::move(from);
    r.idle_after = net::duration::zero();
    return r;
  }
  static net::source_options_ptr pushed() {
    return std::make_shared<net::source_options>(net::source_options{.url = "rtc://cam", .pushed = true});
  }
  auto begin(open_request r) {
    auto pending = lab.self->request(supervisor, caf::infinite, std::move(r));
    lab.run();
    return pending;
  }
  template <class Pending>
  outcome<opened> answer(Pending& to) {
    lab.run();
    std::optional<outcome<opened>> got;
    to.receive([&](outcome<opened>& a) { got.emplace(std::move(a)); },
               [&](caf::error& e) { FAIL(lab.system.render(e)); });
    return std::move(*got);
  }
  /// Fetched, opened, and two pictures of it.
  fake_source& live(const std::string& id, bool file = false) {
    auto pending = begin(wanted(id, file));
    auto& source = *sources.all.back();
    source.open();
    REQUIRE(answer(pending));
    source.picture();
    source.picture();
    lab.run();
    return source;
  }
  outcome<completed> play_back(const playback_request& r) { return lab.ask(supervisor, r); }
};

}  // namespace

TEST_CASE("sourced_stream: it is answered when its source is there, and takes no port") {
  quay q;
  auto pending = q.begin(quay::wanted("cam"));
  REQUIRE(q.sources.all.size() == 1);
  auto& source = *q.sources.all[0];
  CHECK(source.what->url == "rtsp://admin:secret@192.0.2.1/cam");
  CHECK(q.query("cam")->state == stream_state::listening);
  source.open();
  const auto made = q.answer(pending);
  REQUIRE(made);
  CHECK(made->kind == open_kind::created);
  CHECK(made->stream->origin == stream_origin::pull);
  CHECK(made->stream->source_url == "rtsp://admin:***@192.0.2.1/cam");
  CHECK(made->stream->port() == 0);
  CHECK(q.ports().figures.leased == 0);

  source.picture();
  source.picture();
  q.lab.run();
  const auto status = q.query("cam");
  REQUIRE(status);
  CHECK(status->state == stream_state::active);
  CHECK(status->watchable);
  CHECK(status->counters.accepted == 2);
  CHECK(status->counters.datagrams == 2);
  CHECK(q.told(event_kind::media_registered) == 1);
  REQUIRE(status->media);
  CHECK(status->media->tracks.size() == 1);
}

TEST_CASE("sourced_stream: a source that can not be opened is an answer with its reason, and leaves nothing") {
  quay q;
  auto pending = q.begin(quay::wanted("cam"));
  q.sources.all[0]->end("401 Unauthorized");
  const auto refused = q.answer(pending);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::connect_failed);
  CHECK(refused.error().text == "401 Unauthorized");
  CHECK_FALSE(q.query("cam"));
  CHECK(q.sources.all[0]->gone);
  CHECK(q.events.back().stream->reason == close_reason::source_ended);
  CHECK(q.events.back().stream->last_reason == "401 Unauthorized");
  q.live("cam");
}

TEST_CASE("sourced_stream: silence makes it stalled and nothing closes it, and it goes on when its source is back") {
  quay q;
  auto& source = q.live("cam");
  const auto media = q.lab.ask(q.supervisor, media_request{quay::key("cam")})->media;
  const auto place = media->join([] {});
  net::fan_out::position at;
  auto frames = media->read(at).frames;
  source.lose("connection reset");
  q.lab.run();
  q.lab.advance(60s);
  CHECK(q.query("cam")->state == stream_state::stalled);
  CHECK(q.query("cam")->last_reason == "connection reset");
  source.say({net::source_item::kind::restarted});
  source.open();
  source.stamp = 5;
  source.picture();
  source.picture();
  q.lab.run();
  const auto status = q.query("cam");
  CHECK(status->state == stream_state::active);
  for (const auto& f : media->read(at).frames) frames.push_back(f);
  REQUIRE(frames.size() >= 3);
  for (std::size_t i = 1; i < frames.size(); ++i) CHECK(frames[i]->dts > frames[i - 1]->dts);
}

TEST_CASE("sourced_stream: the end of a source ends the stream") {
  quay q;
  auto& source = q.live("film", true);
  CHECK(q.query("film")->origin == stream_origin::file);
  source.end("the file is at its end");
  q.lab.run();
  CHECK_FALSE(q.query("film"));
  CHECK(q.told(event_kind::media_unregistered) == 1);
  CHECK(q.events.back().kind == event_kind::media_unregistered);
}

TEST_CASE("sourced_stream: a close is answered when the source has ended, and an open waits for it") {
  quay q;
  auto& source = q.live("cam");
  source.slow = true;
  auto closing = q.lab.self->request(q.supervisor, caf::infinite, close_request{quay::key("cam"), {}, false});
  q.lab.run();
  CHECK(source.stopped);
  CHECK_FALSE(source.gone);
  CHECK_FALSE(q.query("cam"));
  auto again = q.begin(quay::wanted("cam"));
  CHECK(q.sources.all.size() == 1);
  source.end("it was stopped");
  q.lab.run();
  CHECK(source.gone);
  closing.receive([](const outcome<closed>& a) { CHECK(a); }, [](caf::error&) { FAIL("no answer"); });
  REQUIRE(q.sources.all.size() == 2);
  q.sources.all[1]->open();
  CHECK(q.answer(again));
}

TEST_CASE("sourced_stream: two who want the same at once get the same, and a third one too late is refused") {
  quay q;
  auto first = q.begin(quay::wanted("cam"));
  auto second = q.begin(quay::wanted("cam"));
  CHECK(q.sources.all.size() == 1);
  q.sources.all[0]->open();
  const auto a = q.answer(first), b = q.answer(second);
  REQUIRE(a);
  REQUIRE(b);
  CHECK(a->stream->generation == b->stream->generation);
  CHECK(b->kind == open_kind::same);
  q.sources.all[0]->picture();
  q.lab.run();
  auto third = q.begin(quay::wanted("cam"));
  CHECK(q.answer(third).error().code == errc::stream_live);
}

TEST_CASE("sourced_stream: one key, whoever has it") {
  quay q;
  auto& source = q.live("cam");
  CHECK(q.open("cam").error().code == errc::stream_live);
  CHECK(q.lab.ask(q.supervisor, update_ssrc_request{quay::key("cam"), 1}).error().code == errc::not_found);
  CHECK(q.lab.ask(q.supervisor, connect_request{quay::key("cam"), {}, 1s}).error().code == errc::not_tcp_active);
  send_request talk;
  talk.key = quay::key("cam");
  talk.way = send_way::talk;
  talk.answering_stream = "cam";
  CHECK(q.lab.ask(q.supervisor, talk).error().code == errc::not_sendable);
  CHECK(q.close("cam"));
  CHECK(source.gone);
  CHECK(q.open("cam"));
}

TEST_CASE("sourced_stream: files are played back as they are told, others are not") {
  quay q;
  auto& film = q.live("film", true);
  q.live("cam");
  CHECK(q.play_back({quay::key("film"), 90s, {}}));
  CHECK(q.play_back({quay::key("film"), {}, 4.0}));
  CHECK(film.seeks == std::vector<net::duration>{90s});
  CHECK(film.speeds == std::vector<double>{4.0});
  CHECK(q.play_back({quay::key("cam"), {}, 2.0}).error().code == errc::not_seekable);
  CHECK(q.play_back({quay::key("nobody"), {}, 2.0}).error().code == errc::not_found);
}

TEST_CASE("sourced_stream: so many and no more, and those that ended do not count") {
  quay q;
  q.settings.max_sources = 2;
  q.apply();
  q.live("a");
  q.live("b");
  auto third = q.begin(quay::wanted("c"));
  const auto refused = q.answer(third);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::too_many_streams);
  CHECK(refused.error().text == "2 streams are fetched already, the most that are allowed");
  CHECK(q.close("a"));
  q.live("c");
}

TEST_CASE("sourced_stream: nobody watches, and it is closed if it was made so") {
  quay q;
  q.settings.none_reader_after = 20s;
  q.apply();
  auto wanted = quay::wanted("film", true);
  q.source_in(wanted).publish->auto_close = true;
  auto pending = q.begin(wanted);
  q.sources.all.back()->open();
  REQUIRE(q.answer(pending));
  for (int second = 0; second < 25; ++second) {
    if (!q.sources.all.back()->gone) q.sources.all.back()->picture();
    q.lab.run();
    q.lab.advance(1s);
  }
  CHECK_FALSE(q.query("film"));
  CHECK(q.sources.all.back()->gone);
}

TEST_CASE("sourced_stream: who sends by himself is asked for first, with what he says of himself") {
  struct asking : quay {
    asking() : quay(0, hooks::asked) {}
  };
  asking q;
  const bool welcome = GENERATE(true, false);
  auto wanted = quay::wanted("cam");
  q.source_in(wanted).publish.reset();
  q.source_in(wanted).params = "sign=s";
  q.source_in(wanted).publisher = *net::endpoint::parse("192.0.2.9", 4000);
  q.source_in(wanted).source = quay::pushed();
  auto pending = q.begin(wanted);
  const auto questions = q.open_questions(hook_name::publish);
  REQUIRE(questions.size() == 1);
  CHECK(q.questions[questions[0]].stream().params == "sign=s");
  CHECK(q.questions[questions[0]].stream().peer == q.source_in(wanted).publisher);
  CHECK_FALSE(q.query("cam"));
  CHECK(q.sources.all.empty());
  q.answer(questions[0], welcome ? hook_outcome::delivered() : hook_outcome::refused(-1, "not this one"));
  if (welcome) q.sources.all.at(0)->open();
  const auto made = q.answer(pending);
  CHECK(made.has_value() == welcome);
  CHECK(q.open_questions(hook_name::publish).empty());
  if (welcome) return;
  CHECK(made.error().code == errc::publish_refused);
  CHECK(made.error().text.find("not this one") != std::string::npos);
  CHECK_FALSE(q.query("cam"));
  CHECK(q.sources.all.empty());
  CHECK(q.events.empty());
}

TEST_CASE("sourced_stream: who sends by himself displaces nothing, whatever state it is in") {
  const auto there = GENERATE(0, 1, 2, 3, 4);  // idle, live, fetched, closing, opened while the hook was asked
  quay q{0, harbour::hooks::asked};
  q.settings.on_conflict = conflict_policy::replace;
  q.apply();
  camera cam;
  if (there == 2) {
    q.live("cam");
  } else if (there != 4) {
    const auto port = q.open("cam")->stream->port();
    if (there == 1) cam.send(port);
    q.receive();
  }
  if (there == 3) caf::anon_send(q.supervisor, close_request{quay::key("cam"), {}, false});
  auto wanted = quay::wanted("cam");
  q.source_in(wanted).publish.reset();
  q.source_in(wanted).source = quay::pushed();
  auto pending = q.begin(wanted);
  if (there == 4) {
    REQUIRE(q.open("cam"));
    q.answer(q.open_questions(hook_name::publish).at(0), hook_outcome::delivered());
  }
  const auto refused = q.answer(pending);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::stream_live);
  CHECK(refused.error().text.find("rtp/cam") != std::string::npos);
  CHECK(q.query("cam").has_value() == (there != 3));
  CHECK(q.told(event_kind::stream_closed) == (there == 3 ? 1 : 0));
}

TEST_CASE("sourced_stream: on_publish gives who sends by himself another name, if that is free") {
  quay q{0, harbour::hooks::asked};
  const bool is_free = GENERATE(true, false);
  if (!is_free) REQUIRE(q.open("other"));
  auto wanted = quay::wanted("cam");
  q.source_in(wanted).publish.reset();
  q.source_in(wanted).source = quay::pushed();
  auto pending = q.begin(wanted);
  auto yes = hook_outcome::delivered();
  yes.members = {{"stream_replace", "other"}};
  q.answer(q.open_questions(hook_name::publish).at(0), yes);
  if (is_free) q.sources.all.at(0)->open();
  const auto made = q.answer(pending);
  REQUIRE(made.has_value() == is_free);
  if (is_free) {
    CHECK(q.query("other")->key.stream == "cam");
  } else {
    CHECK(made.error().code == errc::publish_refused);
    CHECK(made.error().text.find("rtp/other is taken") != std::string::npos);
    CHECK_FALSE(q.query("cam"));
  }
}

TEST_CASE("sourced_stream: after any order of fetch, failure and close nothing is left") {
  for (std::uint64_t seed = 1; seed <= at_length(30U); ++seed) {
    INFO("seed " << seed);
    quay q{seed};
    auto& rng = q.lab.rng;
    for (int step = 0; step < 200; ++step) {
      const auto id = std::string(1, static_cast<char>('a' + rng() % 3));
      auto* source = q.sources.all.empty() ? nullptr : q.sources.all[rng() % q.sources.all.size()].get();
      switch (rng() % 6) {
        case 0:
          caf::anon_send(q.supervisor, quay::wanted(id, rng() % 2 == 0));
          break;
        case 1:
          caf::anon_send(q.supervisor, close_request{quay::key(id), {}, false});
          break;
        case 2:
          if (source != nullptr && !source->gone && !source->stopped) source->open();
          break;
        case 3:
          if (source != nullptr && !source->gone && !source->stopped) source->picture();
          break;
        case 4:
          if (source != nullptr && !source->gone && !source->stopped) source->end("lost");
          break;
        default:
          for (int k = 0; k < 5; ++k) q.lab.step();
      }
    }
    q.lab.run_shuffled();
    for (const auto* id : {"a", "b", "c"}) static_cast<void>(q.close(id));
    q.lab.run();
    CHECK(q.list().empty());
    CHECK(q.ports().figures.leased == 0);
    for (const auto& s : q.sources.all) CHECK(s->gone);
    CHECK(q.told(event_kind::stream_opened) == q.told(event_kind::stream_closed));
    CHECK(q.load == 0);
  }
}

TEST_CASE("sourced_stream: a long list comes in parts, in order, and what is there throughout is in it once") {
  quay q;
  q.settings.max_sources = 1000;
  q.apply();
  const auto name = [](int i) { return "cam" + std::to_string(1000 + i); };
  for (int i = 0; i < 600; ++i) {
    auto pending = q.begin(quay::wanted(name(i)));
    q.sources.all.back()->open();
    REQUIRE(q.answer(pending));
  }
  list_request rest;
  std::vector<std::string> seen;
  for (int part = 0; part < 10; ++part) {
    const auto got = *q.lab.ask(q.supervisor, rest);
    CHECK(got.streams.size() <= 256);
    for (const auto& s : got.streams) seen.push_back(s.key.stream);
    rest.after = got.next;
    if (!got.next) break;
    // One that was in it goes, and one that will not be.
    REQUIRE(q.close(name(2 * part)));
    REQUIRE(q.close(name(599 - part)));
  }
  CHECK_FALSE(rest.after);
  CHECK(std::is_sorted(seen.begin(), seen.end()));
  CHECK(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
  for (int i = 10; i < 580; ++i) REQUIRE(std::binary_search(seen.begin(), seen.end(), name(i)));
}

TEST_CASE("sourced_stream: hundreds that are due together all end, and a change of settings reaches all of them") {
  quay q;
  q.settings.max_sources = 1000;
  q.apply();
  for (int i = 0; i < 300; ++i) {
    auto r = quay::wanted("cam" + std::to_string(i));
    r.idle_after.reset();
    auto pending = q.begin(std::move(r));
    q.sources.all.back()->open();
    REQUIRE(q.answer(pending));
  }
  REQUIRE(q.stats().streams[static_cast<std::size_t>(stream_state::listening)] == 300);
  const bool by_settings = GENERATE(false, true);
  if (by_settings) {
    q.lab.advance(5s);
    q.settings.idle_after = 2s;
    q.apply();
    q.lab.run();
  } else {
    q.lab.advance(q.settings.idle_after + 200ms);
  }
  CHECK(q.stats().streams[static_cast<std::size_t>(stream_state::listening)] == 0);
  CHECK(q.stats().closes[static_cast<std::size_t>(close_reason::never_fed)] == 300);
}
