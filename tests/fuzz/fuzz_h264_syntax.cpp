// Hostile parameter sets of H.264: what is read has bounds, and the record made of them holds them as they were.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "net/codec/h264_syntax.hpp"
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
  const auto type = h264::type_of(nal);
  require(type < 32);
  if (h264::is_key(type)) require(h264::is_vcl(type));
  if (h264::is_first_slice(nal)) require(h264::is_vcl(type) && h264::begins_access_unit(nal));
  if (size >= h264::decisive_bytes) {
    const auto head = nal.first(h264::decisive_bytes);
    require(h264::is_first_slice(head) == h264::is_first_slice(nal));
    require(h264::begins_access_unit(head) == h264::begins_access_unit(nal));
  }

  const auto p = h264::parse_sps(nal);
  const nal_list sets{{nal.begin(), nal.end()}};
  const auto record = h264::make_avcc(sets, sets);
  require(record.empty() == (!p || size > 0xffff));
  if (p) {
    require(type == h264::sps);
    check(*p, 14);
  }
  if (record.empty()) return 0;
  require(std::equal(nal.begin() + 1, nal.begin() + 4, record.begin() + 1));
  require(std::equal(nal.begin(), nal.end(), record.begin() + 8));
  const auto extension = record.size() - (11 + 2 * size);
  require(extension == 0 || extension == 4);
  return 0;
}
