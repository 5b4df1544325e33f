// A hostile byte stream over TCP, cut as the input says.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "net/rtp/rtp_packet.hpp"
#include "net/rtp/tcp_framing.hpp"
#include "tests/fuzz/require.hpp"

using namespace berth::net;

// First byte: the frame limit. Second: the size of the chunks.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t limit = std::max<std::size_t>(std::size_t{data[0]} * data[0], rtp_header_size);
  const std::size_t step = std::size_t{data[1]} + 1;
  const bytes_view stream(data + 2, size - 2);

  tcp_framing framing(limit);
  std::uint64_t frames = 0;
  std::uint64_t delivered = 0;
  for (std::size_t at = 0; at < stream.size(); at += step) {
    const auto chunk = stream.subspan(at, std::min(step, stream.size() - at));
    framing.feed(chunk, [&](const tcp_frame& frame) {
      ++frames;
      delivered += frame.bytes.size();
      require(frame.bytes.size() <= limit);
      require(frame.bytes.size() >= (frame.rtcp ? 8 : rtp_header_size));
      require(frame.bytes[0] >> 6 == 2);
      require(frame.rtcp != is_rtp_start(frame.bytes[0], frame.bytes[1]));
    });
    require(framing.frames() == frames);
    require(framing.pending_bytes() <= limit + 4096 + 512);
    require(delivered + framing.skipped_bytes() + framing.pending_bytes() <= at + chunk.size());
    if (framing.skipped_bytes() > 0) require(framing.resyncs() > 0);
  }
  return 0;
}
