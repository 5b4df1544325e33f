// Who sends media to a port, as far as packets tell it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

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

/// Those who have sent, each once, the last one at the end. When there are too many of them, who has not been heard for
/// the longest time is forgotten. A value.
class media_senders {
 public:
  static constexpr std::size_t most = 64;

  void hear(const media_sender& heard) {
    if (const auto known = find(heard.from); known != all_.end()) {
      known->hear(heard);
      std::rotate(known, known + 1, all_.end());
      return;
    }
    if (all_.size() == most) all_.erase(all_.begin());
    all_.push_back(heard);
  }

  bool contains(const endpoint& from) { return find(from) != all_.end(); }
  bool empty() const noexcept { return all_.empty(); }
  const media_sender& last() const noexcept { return all_.back(); }  ///< if not empty()
  auto begin() const noexcept { return all_.begin(); }
  auto end() const noexcept { return all_.end(); }

 private:
  std::vector<media_sender>::iterator find(const endpoint& from) {
    return std::find_if(all_.begin(), all_.end(), [&](const auto& s) { return s.from == from; });
  }

  std::vector<media_sender> all_;
};

}  // namespace berth::net
