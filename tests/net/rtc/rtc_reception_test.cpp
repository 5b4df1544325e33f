// What a browser sends becomes units, in order; what is missing is asked for, while it is of use.
#include "net/rtc/rtc_reception.hpp"

#include <map>

#include "net/rtc/missing_packets.hpp"
#include "net/rtc/sent_packets.hpp"
#include "net/rtp/rtcp_feedback.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/packets.hpp"

using namespace berth::net;
using namespace berth::tests;
using namespace std::chrono_literals;

namespace {

using kind = source_item::kind;

constexpr time_point start{1h};

rtc_choice receives(std::uint8_t payload_type, codec format) {
  rtc_choice c;
  c.format = rtc_format{payload_type, format, {}, {}, {}};
  return c;
}

bytes sound(std::uint16_t number) {
  return make_rtp({.sequence = number, .timestamp = number * 160U, .ssrc = 5, .payload_type = 8, .payload = 160});
}

std::vector<std::pair<std::uint32_t, std::uint16_t>> wanted_in(const bytes& rtcp) {
  std::vector<std::pair<std::uint32_t, std::uint16_t>> all;
  for_each_wanted(rtcp, [&](std::uint32_t ssrc, std::uint16_t number) { all.emplace_back(ssrc, number); });
  return all;
}

struct reception {
  std::shared_ptr<rtc_reception> of = std::make_shared<rtc_reception>(
      std::vector<rtc_choice>{receives(104, codec::h264), {}, receives(8, codec::pcma)});
  int wakes = 0, stops = 0;
  std::unique_ptr<media_source> source = of->source([this] { ++wakes; }, [this] { ++stops; });
};

}  // namespace

TEST_CASE("rtc_reception: packets become units under their tracks, others are passed over", "[rtc_reception]") {
  reception r;
  const auto first = r.source->take();
  REQUIRE(first.size() == 1);
  CHECK(first[0].what == kind::opened);
  CHECK(first[0].announced == announced_tracks{true, true});

  for (std::uint16_t i = 0; i < 3; ++i) r.of->on_packet(sound(i), false, start);
  auto picture =
      make_rtp({.sequence = 1, .timestamp = 9, .ssrc = 6, .payload_type = 104, .marker = true, .payload = 0});
  append(picture, bytes{0x65, 1, 2, 3});
  r.of->on_packet(picture, false, start);
  r.of->on_packet(make_rtp({.sequence = 1, .payload_type = 96, .payload = 10}), false, start);
  r.of->on_packet(bytes{0x80, 8}, false, start);
  const auto items = r.source->take();
  REQUIRE(items.size() == 4);
  CHECK(items[0].unit.stream.format == codec::pcma);
  CHECK(items[2].unit.data.size() == 160);
  CHECK(items[2].unit.stamps->pts == 320);
  CHECK(items[3].unit.stream.format == codec::h264);
  CHECK(items[3].unit.data == bytes{0, 0, 0, 1, 0x65, 1, 2, 3});
  CHECK(r.wakes == 2);

  r.of->end("gone");
  r.of->on_packet(sound(4), false, start);
  const auto last = r.source->take();
  REQUIRE(last.size() == 1);
  CHECK(last[0].what == kind::ended);
  CHECK(last[0].reason == "gone");
  r.source.reset();
  CHECK(r.stops == 1);
}

TEST_CASE("rtc_reception: nobody takes, and it stops growing", "[rtc_reception]") {
  reception r;
  for (std::uint16_t i = 0; i < 5000; ++i) r.of->on_packet(sound(i), false, start);
  r.of->end("gone");
  const auto items = r.source->take();
  CHECK(items.size() == rtc_reception::most_items + 1);
  CHECK(items.back().what == kind::ended);
}

TEST_CASE("rtc_reception: reports every second, a key frame is asked for, and what is missing", "[rtc_reception]") {
  reception r;
  CHECK(r.of->look(start).empty());
  r.of->on_packet(sound(10), false, start);
  r.of->on_packet(sound(13), false, start);
  std::map<int, int> said;
  std::vector<std::pair<std::uint32_t, std::uint16_t>> wanted;
  auto picture =
      make_rtp({.sequence = 1, .timestamp = 9, .ssrc = 6, .payload_type = 104, .marker = true, .payload = 0});
  append(picture, bytes{0x41, 1, 2, 3});
  r.of->on_packet(picture, false, start);
  for (auto t = start; t < start + 4s; t += 20ms) {
    if (t == start + 100ms) r.of->on_packet(sound(11), false, t);
    for (const auto& p : r.of->look(t)) {
      ++said[p[1]];
      if (p[1] == 205)
        for (const auto& w : wanted_in(p)) wanted.push_back(w);
    }
  }
  CHECK(said[201] >= 6);
  CHECK(said[206] == 2);
  CHECK(wanted.size() > 4);
  CHECK(wanted.size() < 15);
  for (const auto& [ssrc, number] : wanted) {
    CHECK(ssrc == 5);
    CHECK((number == 11 || number == 12));
  }
  CHECK(wanted.back().second == 12);
}

TEST_CASE("missing_packets: late ones are struck off, large holes are none, the end of the numbers is no end",
          "[missing_packets]") {
  using numbers = std::vector<std::uint16_t>;
  missing_packets m;
  m.came(65534, true, start);
  CHECK(m.to_ask_for(start + 1s).empty());
  m.came(2, false, start);
  CHECK(m.to_ask_for(start).empty());
  CHECK(m.to_ask_for(start + 10ms) == numbers{65535, 0, 1});
  CHECK(m.to_ask_for(start + 20ms).empty());
  m.came(0, false, start + 20ms);
  m.came(2, false, start + 20ms);
  CHECK(m.to_ask_for(start + 60ms) == numbers{65535, 1});
  CHECK(m.to_ask_for(start + 300ms).empty());
  m.came(500, false, start + 400ms);
  CHECK(m.to_ask_for(start + 500ms).empty());
  m.came(502, false, start + 600ms);
  CHECK(m.to_ask_for(start + 700ms) == numbers{501});
  m.came(7, true, start + 700ms);
  CHECK(m.to_ask_for(start + 800ms).empty());
}

TEST_CASE("rtcp_feedback: what is asked for is read again, whatever else the packet holds", "[rtcp_feedback]") {
  const std::vector<std::uint16_t> numbers{65530, 65531, 65535, 10, 11, 200};
  auto b = negative_acknowledgement(7, numbers);
  CHECK(b.size() == 12 + 4 * 3);
  append(b, picture_loss(9));
  const auto read = wanted_in(b);
  REQUIRE(read.size() == numbers.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    CHECK(read[i].first == 7);
    CHECK(std::count(numbers.begin(), numbers.end(), read[i].second) == 1);
  }
  for (std::size_t cut = 0; cut < b.size(); ++cut)
    CHECK(wanted_in({b.begin(), b.begin() + static_cast<long>(cut)}).size() <= numbers.size());
}

TEST_CASE("sent_packets: the newest are there, the others are not taken for them", "[sent_packets]") {
  sent_packets kept;
  for (std::uint16_t i = 0; i < 600; ++i) kept.keep(sound(i));
  REQUIRE(kept.find(5, 599) != nullptr);
  CHECK(*kept.find(5, 100) == sound(100));
  CHECK(kept.find(5, 80) == nullptr);
  CHECK(kept.find(6, 599) == nullptr);
  CHECK(kept.find(5, 700) == nullptr);
}
