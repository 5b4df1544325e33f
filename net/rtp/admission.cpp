#include "net/rtp/admission.hpp"

#include <algorithm>

namespace berth::net {

std::optional<refusal> admission::admit(const rtp_packet& packet, const endpoint& from, time_point now) noexcept {
  const auto cause = check(packet, from, now);
  if (!cause) learn(packet, from, now);
  return cause;
}

std::optional<refusal> admission::check(const rtp_packet& packet, const endpoint& from, time_point now) noexcept {
  // First of all: whatever a resting sender sends shows that it is not silent.
  if (!resting_.empty() && rests(packet, from, now)) return refusal::resting;
  if (options_.ssrc_filter != 0 && packet.ssrc != options_.ssrc_filter) return refusal::wrong_ssrc;

  const bool same_source = !source_.is_set() || from == source_;
  const bool same_ssrc = !ssrc_ || packet.ssrc == *ssrc_;
  if (same_source && same_ssrc) return std::nullopt;
  const bool silent = now - last_ >= options_.relearn_after;
  if (!same_source && !may_move(same_ssrc, silent)) return refusal::wrong_source;
  if (!same_ssrc && !silent) return refusal::wrong_ssrc;
  return std::nullopt;
}

bool admission::rests(const rtp_packet& packet, const endpoint& from, time_point now) noexcept {
  const auto at = std::find_if(resting_.begin(), resting_.end(), [&](const auto& r) { return r.who.from == from; });
  if (at == resting_.end()) return false;
  if (now - at->heard < resting_silence_ && is_of_former_stream(at->who, packet)) {
    at->heard = now;
    return true;
  }
  resting_.erase(at);
  return false;
}

bool admission::is_of_former_stream(const media_sender& resting, const rtp_packet& packet) const noexcept {
  const bool asked_for = options_.ssrc_filter != 0 && packet.ssrc == options_.ssrc_filter;
  if (options_.ssrc_filter != 0 && !asked_for) return true;
  return resting.ssrc ? packet.ssrc == *resting.ssrc : !asked_for;
}

// Another source: only silence and the SSRC tell a camera behind a new NAT binding from a stranger.
bool admission::may_move(bool same_ssrc, bool silent) const noexcept {
  switch (options_.policy) {
    case source_policy::learn:
      return same_ssrc && silent;
    case source_policy::pin:
      return false;
    case source_policy::follow:
    case source_policy::any:
      return true;
  }
  return false;
}

void admission::learn(const rtp_packet& packet, const endpoint& from, time_point now) noexcept {
  source_ = from;
  ssrc_ = packet.ssrc;
  last_ = now;
}

void admission::set_ssrc_filter(std::uint32_t ssrc) noexcept {
  options_.ssrc_filter = ssrc;
  if (ssrc == 0 || !ssrc_ || *ssrc_ == ssrc) return;
  ssrc_.reset();
  source_ = {};
}

void admission::rest(const media_senders& senders, duration silence, time_point now) {
  resting_.clear();
  for (const auto& s : senders) resting_.push_back({s, now});
  resting_silence_ = silence;
}

media_senders admission::resting(time_point now) const {
  media_senders some;
  for (const auto& r : resting_)
    if (now - r.heard < resting_silence_) some.hear(r.who);
  return some;
}

}  // namespace berth::net
