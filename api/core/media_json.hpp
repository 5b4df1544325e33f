// A stream as media: what getMediaList, getMediaInfo, on_stream_changed and /v1/streams tell of its tracks and viewers.
#pragma once

#include <boost/json.hpp>
#include <string>

#include "actors/contract/stream_status.hpp"

namespace berth::api {

/// ZLMediaKit's description of one stream under one schema: every field of getMediaList's items.
boost::json::object media_item(const actors::stream_status& status, net::schema as, bool recording);
/// The same items as text, for those of its schemas that are asked for, with commas between: a list is long, and what a
/// stream's items have in common is written once.
std::string media_items(const actors::stream_status& status, net::schema_set schemas, bool recording);
/// originType, originTypeStr, originUrl: what brings the stream, under the name that it was opened with.
void add_origin(boost::json::object& to, const actors::stream_status& status);
/// ZLMediaKit's tracks array.
boost::json::array tracks_json(const actors::stream_status& status, const boost::json::storage_ptr& memory = {});
/// {"public_id", "tracks", "frame_rate", "gop", "viewers", ...}: the `media` member of /v1/streams/{stream_id}.
boost::json::object media_json(const actors::stream_status& status);

}  // namespace berth::api
