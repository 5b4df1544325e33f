#include "actors/contract/publish_options.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace berth::actors {
namespace {

constexpr auto schema_members = std::to_array<std::pair<const char*, net::schema>>({
    {"enable_rtsp", net::schema::rtsp},
    {"enable_rtmp", net::schema::rtmp},
    {"enable_ts", net::schema::ts},
    {"enable_fmp4", net::schema::fmp4},
    {"enable_hls", net::schema::hls},
});
static_assert(schema_members.size() == net::schema_count);

void take(bool& to, const std::string* text) {
  if (text == nullptr) return;
  if (*text == "true" || *text == "1") to = true;
  if (*text == "false" || *text == "0") to = false;
}

template <class Number>
void take(Number& to, const std::string* text, Number least, Number most) {
  if (text == nullptr) return;
  std::int64_t n = 0;
  const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), n);
  if (failed == std::errc{} && end == text->data() + text->size() && n >= least && n <= most)
    to = static_cast<Number>(n);
}

void take(std::string& to, const std::string* text) {
  if (text != nullptr && !text->empty()) to = *text;
}

}  // namespace

publish_options obey(publish_options o, const member_lookup& answer) {
  take(o.stream_replace, answer("stream_replace"));
  take(o.modify_stamp, answer("modify_stamp"), 0, 2);
  take(o.enable_audio, answer("enable_audio"));
  take(o.add_mute_audio, answer("add_mute_audio"));
  for (const auto& [name, as] : schema_members) {
    bool served = net::contains(o.schemas, as);
    take(served, answer(name));
    o.schemas[static_cast<std::size_t>(as)] = served;
  }
  take(o.auto_close, answer("auto_close"));
  take(o.enable_mp4, answer("enable_mp4"));
  take(o.mp4_max_second, answer("mp4_max_second"), std::uint32_t{1}, std::uint32_t{31536000});
  take(o.mp4_save_path, answer("mp4_save_path"));
  return o;
}

}  // namespace berth::actors
