// Which threads answer a path: the core's own, or those that may take their time.
#pragma once

#include <string_view>

namespace berth::api {

/// True for calls of the API, which are answered where the core lives; what viewers take, event streams and the
/// negotiations of WebRTC are not.
bool is_for_core(std::string_view path);

}  // namespace berth::api
