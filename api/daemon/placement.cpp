#include "api/daemon/placement.hpp"

#include "api/text/text.hpp"

namespace berth::api {

bool is_for_core(std::string_view path) {
  if (starts_with_ignoring_case(path, "/v1/")) return !equal_ignoring_case(path, "/v1/events");
  if (!starts_with_ignoring_case(path, "/index/api/")) return false;
  for (const std::string_view negotiated : {"webrtc", "whip", "whep"})
    if (equal_ignoring_case(path.substr(path.size() - negotiated.size()), negotiated)) return false;
  return true;
}

}  // namespace berth::api
