// Real frames for tests: pictures and tones that an encoder made, described as the ingest side describes them.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "net/media/frame.hpp"

namespace berth::tests {

struct video_wish {
  int width = 320;
  int height = 240;
  int fps = 25;
  int frames = 25;
  int gop = 10;     ///< frames from one key frame to the next
  int bframes = 0;  ///< between two others
  std::int64_t first_dts = 0;
};

/// Frames of a moving pattern, all of one track: as many as were wished for. All of these throw if they can not.
std::vector<net::frame_ptr> encode_h264(const video_wish& wish = {});
std::vector<net::frame_ptr> encode_h265(const video_wish& wish = {});

/// Frames of 1024 samples of a tone.
std::vector<net::frame_ptr> encode_aac(int frames, int sample_rate = 44100, int channels = 2,
                                       std::int64_t first_dts = 0);

/// Frames of `samples` bytes of G.711 each, with nothing to hear; `format` is pcma or pcmu.
std::vector<net::frame_ptr> make_g711(net::codec format, int frames, int samples = 320, std::int64_t first_dts = 0);

/// Both in one line, by dts.
std::vector<net::frame_ptr> interleave(const std::vector<net::frame_ptr>& a, const std::vector<net::frame_ptr>& b);

/// Video of H.264 or H.265, and AAC beside it.
struct encoded_pair {
  std::vector<net::frame_ptr> video, audio, all;
  std::vector<net::track_ptr> tracks;
};
encoded_pair encode_pair(net::codec format, const video_wish& wish, int audio_frames = 60);

inline net::frame changed_frame(const net::frame& f, std::vector<std::uint8_t> data) {
  auto out = f;
  out.data = std::move(data);
  return out;
}

/// As FFmpeg calls it: of H.264, H.265 and AAC.
const char* ffmpeg_name(net::codec c);

}  // namespace berth::tests
