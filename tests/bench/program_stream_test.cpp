// What the load sends as media is held against the demultiplexer, and against its own reader.
#include "bench/program_stream.hpp"

#include "net/codec/annexb.hpp"
#include "net/ingest/frame_maker.hpp"
#include "net/ingest/ps_demuxer.hpp"
#include "tests/support/catch.hpp"

using namespace berth;
using namespace berth::bench;

namespace {

class collecting_sink final : public net::frame_sink {
 public:
  void on_frame(net::frame_ptr f) override { frames.push_back(std::move(f)); }
  std::vector<net::frame_ptr> frames;
};

}  // namespace

TEST_CASE("coded pictures of any size are whole frames, each with the moment at which it was sent") {
  collecting_sink out;
  net::media_counters counters;
  net::frame_maker maker{out, counters, {}};
  net::ps_demuxer demuxer{maker, counters};
  const std::chrono::steady_clock::time_point begin{std::chrono::hours{30}};
  const std::size_t sizes[] = {1388, 4164, 65000, 65010, 65023, 65024, 65050, 168'000, 130'028, 130'040};
  std::size_t n = 0;
  for (const auto size : sizes)
    for (const bool key : {true, false}) {
      coded_picture picture{key, size};
      const auto sent = begin + std::chrono::nanoseconds{n * 40'000'001};
      picture.stamp(90'000 + n * 3600, sent);
      REQUIRE(picture.bytes().size() == size);
      maker.set_packet(net::time_point{} + std::chrono::seconds{1}, static_cast<std::uint32_t>(n * 3600));
      demuxer.push(picture.bytes());
      demuxer.access_unit_end();
      ++n;
      INFO(size << (key ? " key" : " other"));
      REQUIRE(out.frames.size() == n);
      const auto& f = *out.frames.back();
      CHECK(f.key == key);
      CHECK(f.dts - out.frames.front()->dts == static_cast<std::int64_t>(n - 1) * 3600);
      CHECK(f.data.size() > size - 150);
      const auto seen = sent_at(net::bytes_view{f.data}.subspan(4));
      REQUIRE(seen);
      CHECK(*seen == sent);
    }
  CHECK(counters.malformed.value() == 0);
  CHECK(counters.damaged_frames.value() == 0);
}

TEST_CASE("bytes that are no coded picture have no moment") {
  const std::vector<std::uint8_t> noise(100, 0x55);
  CHECK_FALSE(sent_at(noise));
  CHECK_FALSE(sent_at({}));
}
