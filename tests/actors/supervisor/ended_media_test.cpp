// What is left of streams that have ended: figures, and no media.
#include <memory>
#include <vector>

#include "actors/events/event_log.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/harbour.hpp"

using namespace berth;
using namespace berth::actors;
using namespace berth::tests;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t picture_size = 1024 * 1024;

/// A fetched stream with two pictures of a megabyte, so that it can be watched.
struct pictured : harbour {
  std::weak_ptr<net::fan_out> live(const std::string& id) {
    auto r = request(id);
    sourced from;
    from.source = std::make_shared<net::source_options>(net::source_options{.url = "rtsp://192.0.2.1/" + id});
    from.publish.emplace().add_mute_audio = false;
    r.what = std::move(from);
    r.idle_after = net::duration::zero();
    auto pending = lab.self->request(supervisor, caf::infinite, std::move(r));
    lab.run();
    auto& source = *sources.all.back();
    source.open();
    lab.run();
    pending.receive([](outcome<opened>& o) { REQUIRE(o); }, [](caf::error&) { FAIL("no answer"); });
    source.picture(picture_size);
    source.picture(picture_size);
    lab.run();
    return lab.ask(supervisor, media_request{key(id)})->media;
  }
};

}  // namespace

TEST_CASE("of 500 streams with pictures of a megabyte nothing but figures is left when they are closed") {
  pictured h;
  std::vector<std::weak_ptr<net::fan_out>> media;
  for (int i = 0; i < 500; ++i) {
    const auto id = "cam" + std::to_string(i);
    media.push_back(h.live(id));
    REQUIRE(media.back().lock()->figures_now().bytes > picture_size);
    REQUIRE(h.close(id));
    // All that was told of it is still there, as in the log and in hooks that wait for their receiver.
    REQUIRE(media.back().expired());
  }
  CHECK(h.told(event_kind::media_registered) == 500);
  for (const auto& e : h.events)
    if (e.kind == event_kind::media_registered) CHECK(e.stream->media->tracks.at(0).width > 0);
  h.sources.all.clear();
}

TEST_CASE("who holds the media of a stream that has ended holds no pictures, unless he reads them") {
  pictured h;
  const auto held = h.live("cam").lock();
  auto reader = held->join([] {});
  REQUIRE(h.close("cam"));
  CHECK(held->ended());
  // A reader that is at it gets the rest.
  CHECK(held->figures_now().bytes > picture_size);
  net::fan_out::position at;
  CHECK_FALSE(held->read(at).frames.empty());
  reader.reset();
  CHECK(held->figures_now().bytes == 0);
  CHECK(held->figures_now().frames == 0);
  net::fan_out::position late;
  CHECK(held->read(late).ended);
}
