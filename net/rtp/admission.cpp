#include "net/rtp/admission.hpp"

#include <algorithm>

namespace berth::net {
namespace {

// What is on its way when a camera moves arrives sooner than this.
constexpr duration spoke_on = std::chrono::milliseconds{500};

}  // namespace

std::optional<refusal> admission::admit(const rtp_packet& packet, const endpoint& from, time_point now) noexcept {
  const auto cause = check(packet, from, now);
  if (!cause) learn(packet, from, now);
  return cause;
}

std::optional<refusal> admission::check(const rtp_packet& packet, const endpoint& from, time_point now) noexcept {
  // First of all: whatever a resting sender sends shows that it is not silent.
  if (!resting_.empty() && rests(packet, from, now)) return refusal::resting;
  if (source_.is_set() && from == source_ && ssrc_ && packet.ssrc != *ssrc_ && now - last_ < options_.relearn_after)
    several_ = true;
  if (options_.ssrc_filter != 0 && packet.ssrc != options_.ssrc_filter) return refusal::wrong_ssrc;

  const bool same_source = !source_.is_set() || from == source_;
  const bool same_ssrc = !ssrc_ || packet.ssrc == *ssrc_;
  if (same_source && same_ssrc) return std::nullopt;
  const bool silent = now - last_ >= options_.relearn_after;
  if (!same_source && !may_move(from, same_ssrc, silent)) {
    note_stranger(from, now);
    return refusal::wrong_source;
  }
  if (!same_ssrc && !silent) return refusal::wrong_ssrc;
  return std::nullopt;
}

bool admission::rests(const rtp_packet& packet, const endpoint& from, time_point now) noexcept {
  const auto* sender = resting_.find(from, now);
  if (sender == nullptr) return false;
  const bool refused = is_of_former_stream(*sender, packet);
  if (refused)
    resting_.heard(from, now);
  else
    resting_.forget(from);
  return refused;
}

bool admission::is_of_former_stream(const media_sender& resting, const rtp_packet& packet) const noexcept {
  const bool asked_for = options_.ssrc_filter != 0 && packet.ssrc == options_.ssrc_filter;
  if (options_.ssrc_filter != 0 && !asked_for) return true;
  return resting.ssrc ? packet.ssrc == *resting.ssrc : !asked_for;
}

// Another source. A camera that comes back, from a new NAT binding or after a restart, has the SSRC or the address of
// before, and was not there while the stream's source still spoke.
bool admission::may_move(const endpoint& from, bool same_ssrc, bool silent) const noexcept {
  switch (options_.policy) {
    case source_policy::learn:
      return silent && (same_ssrc || from.same_address(source_)) &&
             std::none_of(strangers_.begin(), strangers_.end(),
                          [&](const stranger& s) { return s.beside_us && s.from == from; });
    case source_policy::pin:
      return false;
    case source_policy::follow:
    case source_policy::any:
      return true;
  }
  return false;
}

void admission::note_stranger(const endpoint& from, time_point now) {
  if (std::any_of(strangers_.begin(), strangers_.end(), [&](const stranger& s) { return s.from == from; })) return;
  if (strangers_.size() == most_strangers) {
    // Who was seen beside the source is not forgotten for those who may be it.
    const auto oldest = std::find_if(strangers_.begin(), strangers_.end(), [](const auto& s) { return !s.beside_us; });
    if (oldest == strangers_.end()) return;
    strangers_.erase(oldest);
  }
  strangers_.push_back({from, now, false});
}

void admission::learn(const rtp_packet& packet, const endpoint& from, time_point now) noexcept {
  if (!strangers_.empty() && from == source_)
    for (auto& s : strangers_) s.beside_us = s.beside_us || now - s.since >= spoke_on;
  if (from != source_ || ssrc_ != packet.ssrc) several_ = false;
  if (from != source_) std::erase_if(strangers_, [&](const stranger& s) { return s.from == from; });
  source_ = from;
  ssrc_ = packet.ssrc;
  last_ = now;
}

void admission::forget_source() noexcept {
  source_ = {};
  several_ = false;
  strangers_.clear();
}

void admission::set_ssrc_filter(std::uint32_t ssrc) noexcept {
  options_.ssrc_filter = ssrc;
  if (ssrc == 0 || !ssrc_ || *ssrc_ == ssrc) return;
  ssrc_.reset();
  forget_source();
}

media_senders admission::resting(time_point now) const {
  auto all = resting_.left(now);
  for (const auto& s : strangers_)
    if (s.beside_us) all.hear({s.from, std::nullopt});
  return all;
}

}  // namespace berth::net
