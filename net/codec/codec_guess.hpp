// Which codec an elementary stream is that nobody has announced: by what its first bytes prove.
#pragma once

#include "net/base/bytes.hpp"
#include "net/codec/codec.hpp"

namespace berth::net {

/// From the beginning of a byte stream of video: H.264 or H.265 if a sequence parameter set of one of them can be read,
/// else unknown, since before its parameter sets a stream is of no use. No NAL unit is both: what is an SPS to H.265 is
/// a data partition to H.264.
codec guess_video(bytes_view byte_stream) noexcept;

/// From one whole unit of audio: AAC if it begins with an ADTS header whose length leads to the next one of the same
/// stream or to the end, else G.711 A-law, which GB/T 28181 takes for granted. A-law and mu-law can not surely be told
/// apart by their bytes: both are samples without any structure.
codec guess_audio(bytes_view unit) noexcept;

}  // namespace berth::net
