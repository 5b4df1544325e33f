#include "api/core/media_json.hpp"

#include "api/text/json_text.hpp"
#include "tests/support/catch.hpp"

using namespace berth;
using namespace berth::api;

namespace {

actors::stream_status status_of_a_stream() {
  actors::stream_status s;
  s.key = {"__defaultVhost__", "rtp", "a \"name\""};
  s.public_name = "public";
  auto& media = s.media.emplace();
  media.tracks = {{.format = net::codec::h264, .kind = net::media_kind::video, .width = 640, .height = 480}};
  media.viewers[static_cast<std::size_t>(net::schema::ts)] = 1;
  return s;
}

}  // namespace

TEST_CASE("media_json: the items of a list are the same as each item by itself") {
  const auto s = status_of_a_stream();
  for (const bool recording : {false, true}) {
    const auto text = media_items(s, net::all_schemas, recording);
    const auto items = boost::json::parse("[" + text + "]").as_array();
    REQUIRE(items.size() == net::schema_count);
    for (std::size_t i = 0; i < items.size(); ++i)
      CHECK(items[i] == boost::json::parse(json_text(media_item(s, static_cast<net::schema>(i), recording))));
    CHECK(items[2].at("schema").as_string() == "ts");
    CHECK(items[2].at("readerCount").as_int64() == 1);
    CHECK(items[0].at("readerCount").as_int64() == 0);
  }
  net::schema_set some;
  some[static_cast<std::size_t>(net::schema::hls)] = true;
  CHECK(boost::json::parse(media_items(s, some, false)).at("schema").as_string() == "hls");
  CHECK(media_items(s, {}, false).empty());
}
