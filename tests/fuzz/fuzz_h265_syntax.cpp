// Hostile parameter sets of H.265: what is read has bounds, and the record made of them holds them as they were.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "net/codec/h265_syntax.hpp"
#include "tests/fuzz/require.hpp"

using namespace berth::net;

namespace {

void check(const video_parameters& p, int highest_depth) {
  require(p.width > 0 && p.width <= 16384 && p.height > 0 && p.height <= 16384);
  require(p.frame_rate >= 0 && p.frame_rate <= 1000);
  require(p.profile >= 0 && p.profile < 256 && p.level >= 0 && p.level < 256);
  require(p.chroma_format >= 0 && p.chroma_format <= 3);
  require(p.bit_depth_luma >= 8 && p.bit_depth_luma <= highest_depth);
  require(p.bit_depth_chroma >= 8 && p.bit_depth_chroma <= highest_depth);
  require(p.sub_layers >= 1 && p.sub_layers <= 7);
  require(p.reorder >= 0 && p.reorder <= 16);
}

}  // namespace

// The input is one NAL unit.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const bytes_view nal(data, size);
  const auto type = h265::type_of(nal);
  require(type < 64);
  if (h265::is_key(type)) require(h265::is_vcl(type));
  if (h265::is_first_slice(nal)) require(h265::is_vcl(type));
  if (h265::begins_access_unit(nal)) require(h265::layer_of(nal) == 0);
  if (size >= h265::decisive_bytes) {
    const auto head = nal.first(h265::decisive_bytes);
    require(h265::is_first_slice(head) == h265::is_first_slice(nal));
    require(h265::begins_access_unit(head) == h265::begins_access_unit(nal));
  }

  const auto rate = h265::frame_rate_of_vps(nal);
  require(rate >= 0 && rate <= 1000);
  if (rate > 0) require(type == h265::vps);

  const auto p = h265::parse_sps(nal);
  const nal_list sets{{nal.begin(), nal.end()}};
  const auto record = h265::make_hvcc(sets, sets, {});
  require(record.empty() == (!p || size > 0xffff));
  if (p) {
    require(type == h265::sps && h265::layer_of(nal) == 0);
    check(*p, 16);
  }
  if (record.empty()) return 0;
  constexpr std::size_t fixed = 23, array = 3 + 2;
  require(record.size() == fixed + 2 * (array + size));
  require(record[fixed - 1] == 2);
  require(std::equal(nal.begin(), nal.end(), record.begin() + fixed + array));
  require(std::equal(nal.begin(), nal.end(), record.end() - static_cast<std::ptrdiff_t>(size)));
  return 0;
}
