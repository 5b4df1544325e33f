// What the node is to fetch, from text, with the same names and rules on both faces of the API.
#pragma once

#include <string>

#include "actors/contract/opening.hpp"
#include "api/config/config.hpp"
#include "api/http/arguments.hpp"

namespace berth::api {

/// Reads what addStreamProxy takes: url, rtp_type, retry_count, timeout_sec. The error names the field, its value and the
/// permitted range.
net::result<net::source_options, std::string> read_source_arguments(const arguments& args, const config& settings);
/// How the stream is to be published: the node's defaults, and what is given of enable_audio, enable_mp4 and the other
/// members of on_publish's answer.
actors::publish_options publish_arguments(const arguments& args, const config& settings);
/// A stream that never idles out: its source is what ends it.
actors::open_request open_request_of(const actors::stream_key& key, net::source_options source,
                                     actors::publish_options publish);

}  // namespace berth::api
