// Whether a URL leads back to this node.
#pragma once

#include <optional>
#include <string_view>

#include "actors/contract/stream_key.hpp"
#include "api/config/config.hpp"
#include "api/http/http_request.hpp"

namespace berth::api {

/// The stream that a URL of this node's own names: SCHEME://HOST:PORT/APP/STREAM, with or without a container's suffix.
/// The host has to be a loopback address, the one that `request` came to, or the one that it names as Host; the port the
/// one that this node has, or would have, for that scheme. Nothing for every other URL.
std::optional<actors::stream_key> own_stream_of(std::string_view url, const http_request& request,
                                                const config& settings);

}  // namespace berth::api
