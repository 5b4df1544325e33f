// What the users of FFmpeg's libraries have in common.
#pragma once

#include <string>

#include "net/codec/codec.hpp"

namespace berth::net {

/// What FFmpeg's error codes say: errno words where there is an errno.
std::string ffmpeg_error(int code);
/// Keeps FFmpeg from writing to stderr. Any number of times, from any thread.
void silence_ffmpeg();

/// An AVCodecID; AV_CODEC_ID_NONE for what is not served.
int ffmpeg_codec(codec c) noexcept;
/// `other` for what is not served.
codec codec_of_ffmpeg(int id) noexcept;

}  // namespace berth::net
