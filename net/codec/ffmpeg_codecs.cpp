#include "net/codec/ffmpeg_codecs.hpp"

#include <array>
#include <mutex>
#include <utility>

extern "C" {
#include <libavcodec/codec_id.h>
#include <libavutil/error.h>
#include <libavutil/log.h>
}

namespace berth::net {
namespace {

constexpr std::array<std::pair<codec, AVCodecID>, 6> served{{{codec::h264, AV_CODEC_ID_H264},
                                                             {codec::h265, AV_CODEC_ID_HEVC},
                                                             {codec::aac, AV_CODEC_ID_AAC},
                                                             {codec::pcma, AV_CODEC_ID_PCM_ALAW},
                                                             {codec::pcmu, AV_CODEC_ID_PCM_MULAW},
                                                             {codec::opus, AV_CODEC_ID_OPUS}}};

}  // namespace

std::string ffmpeg_error(int code) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(code, text, sizeof text);
  return text;
}

void silence_ffmpeg() {
  static std::once_flag once;
  std::call_once(once, [] { av_log_set_level(AV_LOG_QUIET); });
}

int ffmpeg_codec(codec c) noexcept {
  for (const auto& [ours, theirs] : served)
    if (ours == c) return theirs;
  return AV_CODEC_ID_NONE;
}

codec codec_of_ffmpeg(int id) noexcept {
  for (const auto& [ours, theirs] : served)
    if (theirs == id) return ours;
  return codec::other;
}

}  // namespace berth::net
