// Whose a port was, and who has sent to it.
#pragma once

#include <cstdint>
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
  bool goes_on = false;   ///< who fed it was heard since it ended

  void hear(const media_senders& senders) {
    for (const auto& s : senders) {
      if (fed_by.is_set() && s.from == fed_by.from) {
        fed_by.hear(s);
        goes_on = true;
      } else {
        (refused.contains(s.from) ? refused : heard).hear(s);
      }
    }
  }

  /// Who must not feed the stream that has the port now, and asks for an SSRC if that is not 0. One that comes back is
  /// fed by its own, and by nobody who sent there besides. However many have sent, who is known to belong elsewhere is
  /// among them.
  media_senders strangers_to(std::string_view stream_now, std::uint32_t ssrc = 0) const {
    const bool same = stream == stream_now;
    media_senders all;
    for (const auto& s : heard)
      if (!same || !may_be_own(s, ssrc)) all.hear(s);
    for (const auto& s : refused) all.hear(s);
    if (!same && fed_by.is_set()) all.hear(fed_by);
    return all;
  }

  /// The ports of another past are the same stream's now.
  void join(const port_past& other) {
    for (const auto& s : other.strangers_to(stream)) refused.hear(s);
  }

 private:
  // A sender that came too late, that sends what is asked for, or that is the former one behind a new port: then that
  // one has fallen silent.
  bool may_be_own(const media_sender& s, std::uint32_t ssrc) const {
    if (!fed_by.is_set()) return true;
    return (ssrc != 0 && s.ssrc == ssrc) || (!goes_on && s.from.same_address(fed_by.from));
  }
};

}  // namespace berth::net
