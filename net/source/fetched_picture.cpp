#include "net/source/fetched_picture.hpp"

#include "net/ingest/frame_maker.hpp"
#include "net/source/lavf_input.hpp"

namespace berth::net {
namespace {

constexpr std::size_t most_bytes = 32 * 1024 * 1024;

/// Keeps the first key frame.
struct first_key_frame final : frame_sink {
  frame_ptr found;
  void on_frame(frame_ptr f) override {
    if (!found && f->key) found = std::move(f);
  }
};

}  // namespace

result<frame_ptr, std::string> fetch_key_frame(const source_options& what, const url_policy& admit,
                                               const std::atomic<bool>& stopped) {
  const auto deadline = clock::now() + what.timeout;
  const auto in = lavf_input::open(what, admit, stopped);
  if (!in) return failure{in.error()};
  first_key_frame key;
  media_counters counters;
  frame_maker maker{key, counters, {.wish = track_wish::video}};
  container_unit unit;
  std::size_t bytes = 0;
  while (!key.found) {
    (*in)->set_timeout(deadline - clock::now());
    if ((*in)->read(unit) != lavf_input::outcome::unit) return failure{"no key frame came: " + (*in)->complaint()};
    bytes += unit.data.size();
    if (bytes > most_bytes) return failure{"no key frame came in " + std::to_string(bytes) + " bytes"};
    give_unit(unit, maker);
  }
  return key.found;
}

}  // namespace berth::net
