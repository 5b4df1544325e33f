// Who sends media to a port, as far as packets tell it.
#pragma once

#include <cstdint>
#include <optional>

#include "net/base/endpoint.hpp"

namespace berth::net {

/// An address, and the SSRC that came from it: a device sends one stream after another from the same address, and each
/// has an SSRC of its own. A value.
struct media_sender {
  endpoint from;                      ///< unset: nobody has sent
  std::optional<std::uint32_t> ssrc;  ///< unset: not known, or more than one
  bool several = false;               ///< more than one

  bool is_set() const noexcept { return from.is_set(); }

  /// Somebody was heard. Whoever sends with more than one SSRC is told by none of them.
  void hear(const media_sender& heard) noexcept {
    const bool same = from == heard.from;
    several = heard.several || (same && (several || (ssrc && heard.ssrc && ssrc != heard.ssrc)));
    if (!same || heard.ssrc) ssrc = heard.ssrc;
    if (several) ssrc.reset();
    from = heard.from;
  }
};

}  // namespace berth::net
