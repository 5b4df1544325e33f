#include "api/recording/recorder.hpp"

#include <atomic>
#include <string>
#include <thread>

#include "tests/support/catch.hpp"
#include "tests/support/condition.hpp"
#include "tests/support/live_source.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace berth;
using namespace berth::api;
using namespace berth::tests;
using namespace std::chrono_literals;

TEST_CASE("recorder: it begins between any two pictures, and ends as often as it has begun") {
  const temporary_directory root;
  boost::asio::thread_pool disk{2};
  live_source source;
  std::atomic<bool> over{false};
  std::thread camera{[&] {
    while (!over) source.write_gop(5);
  }};
  std::atomic<int> told{0};
  recorder r{{disk,
              [&] {
                recording_settings s;
                s.root = root.path().string();
                return s;
              },
              [&](actors::event) { ++told; }, [](actors::media_request, auto) {}}};
  for (int i = 0; i < 300; ++i) {
    const actors::stream_key key{"__defaultVhost__", "rtp", "cam" + std::to_string(i)};
    actors::media_handle of{{}, source.frames};
    of.stream.key = key;
    REQUIRE_FALSE(r.start({std::move(of), recording_kind::flv, 0, {}}));
    r.stop_all();
    CHECK(eventually(20s, [&] { return !r.is_recording(key, recording_kind::flv); }));
  }
  over = true;
  camera.join();
  disk.join();
  CHECK(told <= 300);
}
