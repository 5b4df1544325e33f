// The first picture of a source that nobody watches.
#pragma once

#include <atomic>

#include "net/media/frame.hpp"
#include "net/source/media_source.hpp"

namespace berth::net {

/// Opens, reads up to the first key frame, and closes: within `what.timeout` in all, or when `stopped` becomes true, and
/// within a bound of bytes. For threads that may wait.
result<frame_ptr, std::string> fetch_key_frame(const source_options& what, const url_policy& admit,
                                               const std::atomic<bool>& stopped);

}  // namespace berth::net
