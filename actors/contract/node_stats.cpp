#include "actors/contract/node_stats.hpp"

namespace berth::actors {

std::string_view to_string(open_kind kind) noexcept {
  constexpr std::array<std::string_view, open_kind_count> names{"created", "same", "reused", "replaced"};
  return names[static_cast<std::size_t>(kind)];
}

}  // namespace berth::actors
