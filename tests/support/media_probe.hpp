// What an independent player says of a stream or a file: ffprobe, decoding.
#pragma once

#include <string>
#include <vector>

#include "tests/support/condition.hpp"
#include "tests/support/daemon_process.hpp"
#include "tests/support/temporary_directory.hpp"

namespace berth::tests {

/// Runs a program to its end, which has to come within `patience`; gives all it said, complaints included.
inline std::string output_of(const std::vector<std::string>& arguments,
                             std::chrono::milliseconds patience = std::chrono::seconds{30}) {
  temporary_directory directory;
  const auto log = directory.path() / "log";
  child_process program{arguments, log};
  if (!eventually(patience, [&] { return !program.running(); })) return content_of(log) + "\nno end";
  return content_of(log);
}

/// Codec and size as "h264,320,240", from the first pictures behind a URL or in a file.
inline std::string probed(const std::string& url, int pictures = 12) {
  return output_of({"ffprobe", "-v", "error", "-count_frames", "-read_intervals", "%+#" + std::to_string(pictures),
                    "-show_entries", "stream=codec_name,width,height", "-of", "csv=p=0", url});
}

}  // namespace berth::tests
