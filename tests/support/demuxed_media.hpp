// Reads back what a muxer wrote, with a demuxer and decoders that are not ours.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "net/base/bytes.hpp"
#include "net/media/frame.hpp"

namespace berth::tests {

struct demuxed_stream {
  std::string codec;  ///< as FFmpeg calls it: "h264", "hevc", "aac", "pcm_alaw"
  int width = 0;
  int height = 0;
  int sample_rate = 0;
  int packets = 0;
  int decoded = 0;  ///< pictures, or packets of sound that gave samples
  int errors = 0;   ///< of the decoder
};

struct demuxed_packet {
  std::size_t stream = 0;
  std::int64_t dts = 0;  ///< frame_clock units
  std::int64_t pts = 0;
  bool key = false;
  int size = 0;
};

struct demuxed {
  std::vector<demuxed_stream> streams;
  std::vector<demuxed_packet> packets;
  double duration = 0;  ///< seconds; as the container says it
  std::string error;    ///< why it could not be opened

  const demuxed_stream* find(const std::string& codec) const;
  std::vector<demuxed_packet> packets_of(const std::string& codec) const;
};

/// `format` is FFmpeg's name of the demuxer: "flv", "mp4", "mpegts".
demuxed demux(net::bytes_view bytes, const char* format);

/// Counts must be equal, and no stamp further than 1 ms from the frame's.
/// Empty if so; `shift` is added to the frames' stamps.
std::string compare(const demuxed& d, const std::string& codec, const std::vector<net::frame_ptr>& frames,
                    std::int64_t shift = 0);

struct decoded_picture {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> luma;  ///< row by row
};
/// No width if it is not a JPEG.
decoded_picture decode_jpeg(net::bytes_view bytes);

}  // namespace berth::tests
