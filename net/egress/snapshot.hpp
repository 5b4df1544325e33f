// A picture of what a camera sees.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "net/base/result.hpp"
#include "net/media/frame.hpp"

namespace berth::net {

struct snapshot_options {
  int max_width = 0;  ///< pixels; a wider picture is made smaller, with its proportions kept. 0 = as it is
  int quality = 80;   ///< 1 (small) to 100 (good)
};

inline constexpr int largest_picture = 8192;  ///< pixels of width and of height; larger ones are refused

/// Decodes one key frame and makes a JPEG of it, or says why not. Takes milliseconds to tens of them: not for a
/// reactor's thread. Keeps nothing, so any number of threads may call it.
result<std::vector<std::uint8_t>, std::string> make_snapshot(const frame& key_frame,
                                                             const snapshot_options& options = {});

}  // namespace berth::net
