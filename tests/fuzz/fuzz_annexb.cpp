// Hostile byte streams: however they are cut, the NAL units are the same, and they are those of the standard.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "net/codec/annexb.hpp"
#include "net/codec/codec_guess.hpp"
#include "tests/fuzz/require.hpp"

using namespace berth::net;

namespace {

using nals = std::vector<std::vector<std::uint8_t>>;

class collector final : public nal_sink {
 public:
  void nal_begin() override {
    require(!std::exchange(open_, true));
    all.emplace_back();
  }
  void nal_bytes(bytes_view piece) override {
    require(open_ && !piece.empty());
    all.back().insert(all.back().end(), piece.begin(), piece.end());
  }
  void nal_end() override {
    require(std::exchange(open_, false));
    require(!all.back().empty() && all.back().back() != 0);
  }
  bool is_open() const { return open_; }

  nals all;

 private:
  bool open_ = false;
};

/// The rule, slowly: what stands between start codes, without the zeros before the next one.
nals expected(bytes_view b) {
  nals all;
  const auto is_code = [&](std::size_t i) { return i + 3 <= b.size() && b[i] == 0 && b[i + 1] == 0 && b[i + 2] == 1; };
  std::size_t at = 0;
  while (at < b.size() && !is_code(at)) ++at;
  require(at == find_start_code(b));
  while (at < b.size()) {
    const auto begin = at + 3;
    at = begin;
    while (at < b.size() && !is_code(at)) ++at;
    require(at == find_start_code(b, begin));
    auto end = at;
    while (end > begin && b[end - 1] == 0) --end;
    if (end > begin)
      all.emplace_back(b.begin() + static_cast<std::ptrdiff_t>(begin), b.begin() + static_cast<std::ptrdiff_t>(end));
  }
  return all;
}

std::vector<std::uint8_t> length_prefixed(const nals& all) {
  std::vector<std::uint8_t> data;
  for (const auto& nal : all) append_length_prefixed(data, nal);
  return data;
}

void check_lengths(bytes_view data) {
  std::size_t payload = 0, count = 0;
  for_each_nal(data, [&](bytes_view nal) {
    require(!nal.empty() && nal.data() >= data.data() + 4 && nal.data() + nal.size() <= data.data() + data.size());
    payload += nal.size();
    ++count;
  });
  require(payload + 4 * count <= data.size());
  require(to_annexb(data).size() == payload + 4 * count);
}

}  // namespace

// The first byte says how many of the next ones are sizes of pieces, used over and over; the rest is the stream.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t sizes = std::min<std::size_t>(data[0] % 16, size - 1);
  const bytes_view piece_sizes(data + 1, sizes), stream(data + 1 + sizes, size - 1 - sizes);

  collector whole;
  annexb_splitter at_once{whole};
  at_once.push(stream);
  at_once.end();
  require(!whole.is_open());
  require(whole.all == expected(stream));
  require(at_once.skipped() <= stream.size());

  collector cut;
  annexb_splitter in_pieces{cut};
  for (std::size_t at = 0, i = 0; at < stream.size(); ++i) {
    // Every other piece has a byte at least: sizes of 0 come to an end.
    const std::size_t wanted =
        piece_sizes.empty() ? 1 : std::max<std::size_t>(piece_sizes[i % piece_sizes.size()], i % 2);
    const auto length = std::min(wanted, stream.size() - at);
    in_pieces.push(stream.subspan(at, length));
    at += length;
  }
  in_pieces.end();
  require(!cut.is_open());
  require(cut.all == whole.all);
  require(in_pieces.skipped() == at_once.skipped());

  const auto prefixed = length_prefixed(whole.all);
  nals again;
  for_each_nal(prefixed, [&](bytes_view nal) { again.emplace_back(nal.begin(), nal.end()); });
  require(again == whole.all);
  check_lengths(prefixed);
  check_lengths(stream);

  const auto guess = guess_video(stream);
  require(guess == codec::h264 || guess == codec::h265 || guess == codec::unknown);
  if (guess != codec::unknown) require(!whole.all.empty());
  return 0;
}
