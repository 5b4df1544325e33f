// How a stream is to be published: the node's defaults, changed by what on_publish answers.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "net/media/schema.hpp"

namespace berth::actors {

struct publish_options {
  std::string stream_replace;  ///< public name; empty = the one it was opened with
  int modify_stamp = 2;        ///< 0 source, 1 arrival, 2 relative
  bool enable_audio = true;
  bool add_mute_audio = true;                  ///< silence for a stream that has no sound
  net::schema_set schemas = net::all_schemas;  ///< as what it may be watched
  bool auto_close = false;                     ///< close it when nobody watches, without asking
  bool enable_mp4 = false;                     ///< record it from the beginning
  std::uint32_t mp4_max_second = 3600;
  std::string mp4_save_path;  ///< empty = the node's

  bool operator==(const publish_options&) const = default;
};

/// The text of a named member of an answer; null = there is none.
using member_lookup = std::function<const std::string*(std::string_view name)>;

/// `defaults` with those members of an answer that make sense; the others are passed over.
publish_options obey(publish_options defaults, const member_lookup& answer);

}  // namespace berth::actors
