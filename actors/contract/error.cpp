#include "actors/contract/error.hpp"

#include <array>

namespace berth::actors {

std::string_view to_string(errc code) noexcept {
  constexpr std::array<std::string_view, errc_count> names{"ok",
                                                           "stream_live",
                                                           "not_found",
                                                           "ambiguous",
                                                           "generation_differs",
                                                           "not_tcp_active",
                                                           "shared_port",
                                                           "not_published",
                                                           "no_port",
                                                           "bad_address",
                                                           "connect_failed",
                                                           "stream_ended",
                                                           "too_many_streams",
                                                           "shutting_down",
                                                           "play_refused",
                                                           "publish_refused",
                                                           "not_sendable",
                                                           "not_seekable",
                                                           "no_sender",
                                                           "schema_off",
                                                           "internal"};
  return names[static_cast<std::size_t>(code)];
}

}  // namespace berth::actors
