// Whose a port was, and who has sent to it.
#pragma once

#include <string>
#include <string_view>

#include "net/base/media_sender.hpp"

namespace berth::net {

/// Goes with a port from one stream to the next, so that a camera which does not know yet that its stream was closed
/// feeds no other one. A value.
struct port_past {
  std::string stream;     ///< empty: nobody's
  media_sender fed_by;    ///< its last source, not forgotten for others; unset: nobody fed it
  media_senders refused;  ///< who must not have fed it either
  media_senders heard{};  ///< everybody else, since it ended

  void hear(const media_senders& senders) {
    for (const auto& s : senders) {
      if (fed_by.is_set() && s.from == fed_by.from)
        fed_by.hear(s);
      else
        (refused.contains(s.from) ? refused : heard).hear(s);
    }
  }

  /// Who must not feed the stream that has the port now. One that comes back is fed by whoever fed it, and by nobody who
  /// sent there besides; if nobody did, its own sender may have come too late. However many have sent, who is known to
  /// belong elsewhere is among them.
  media_senders strangers_to(std::string_view stream_now) const {
    const bool same = stream == stream_now;
    media_senders all;
    if (!same || fed_by.is_set()) all = heard;
    for (const auto& s : refused) all.hear(s);
    if (!same && fed_by.is_set()) all.hear(fed_by);
    return all;
  }
};

}  // namespace berth::net
