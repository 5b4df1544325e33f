#include "net/rtp/ssrc_demultiplexer.hpp"

#include <utility>

namespace berth::net {

std::optional<refusal> ssrc_demultiplexer::route(const rtp_packet& packet, const endpoint& from, time_point arrival,
                                                 bool over_tcp) {
  if (closed_) return refusal::wrong_ssrc;
  const auto found = entries_.find(packet.ssrc);
  if (found == entries_.end()) return begin(packet, from, arrival, over_tcp);
  auto& e = found->second;
  switch (e.now) {
    case phase::attached:
      e.sink->deliver(packet.whole, from, arrival, over_tcp);
      return std::nullopt;
    case phase::announced:
      hold(e, packet, from, arrival, over_tcp);
      return std::nullopt;
    case phase::probation: {
      e.at->from = from;
      probation_.splice(probation_.end(), probation_, e.at);
      const bool in_sequence = packet.sequence == static_cast<std::uint16_t>(e.last_sequence + 1);
      const bool passes = in_sequence && announced_ < options_.max_announced;
      // Not in sequence: what was held belongs to nothing, the count begins with this packet.
      if (!passes) e.held.clear();
      e.last_sequence = packet.sequence;
      hold(e, packet, from, arrival, over_tcp);
      if (passes) announce(packet.ssrc, e);
      return std::nullopt;
    }
    case phase::refused:
      if (arrival - e.heard < options_.refusal_time) return refusal::wrong_ssrc;
      break;
    case phase::resting:
      if (from == e.at->from && arrival - e.heard < options_.silence) {
        e.heard = arrival;
        remembered_.splice(remembered_.end(), remembered_, e.at);
        return refusal::resting;
      }
      break;
  }
  erase(packet.ssrc);
  return begin(packet, from, arrival, over_tcp);
}

std::optional<refusal> ssrc_demultiplexer::begin(const rtp_packet& packet, const endpoint& from, time_point arrival,
                                                 bool over_tcp) {
  make_room(from);
  auto& e = entries_[packet.ssrc];
  e.at = probation_.insert(probation_.end(), {packet.ssrc, from});
  e.last_sequence = packet.sequence;
  hold(e, packet, from, arrival, over_tcp);
  return std::nullopt;
}

void ssrc_demultiplexer::hold(entry& e, const rtp_packet& packet, const endpoint& from, time_point arrival,
                              bool over_tcp) {
  if (e.held.size() >= options_.max_held_packets) return;
  e.held.push_back({{packet.whole.begin(), packet.whole.end()}, from, arrival, over_tcp});
}

// Of those of the newcomer's own socket if they are many, else of all, the one that has been silent for the longest
// time goes.
void ssrc_demultiplexer::make_room(const endpoint& from) {
  std::size_t of_socket = 0;
  const place* first = nullptr;
  for (const auto& p : probation_) {
    if (p.from != from) continue;
    if (of_socket++ == 0) first = &p;
  }
  if (of_socket >= options_.max_probation_of_one)
    erase(first->ssrc);
  else if (probation_.size() >= options_.max_probation)
    erase(probation_.front().ssrc);
}

void ssrc_demultiplexer::announce(std::uint32_t ssrc, entry& e) {
  leave(e);
  e.now = phase::announced;
  ++announced_;
  announce_(ssrc);
}

// What counts it, or keeps it in a list.
void ssrc_demultiplexer::leave(entry& e) {
  switch (e.now) {
    case phase::probation:
      probation_.erase(e.at);
      break;
    case phase::announced:
      --announced_;
      break;
    case phase::refused:
    case phase::resting:
      remembered_.erase(e.at);
      break;
    case phase::attached:
      break;
  }
}

void ssrc_demultiplexer::erase(std::uint32_t ssrc) {
  const auto found = entries_.find(ssrc);
  if (found == entries_.end()) return;
  leave(found->second);
  entries_.erase(found);
}

bool ssrc_demultiplexer::attach(std::uint32_t ssrc, packet_sink& sink) {
  if (closed_) return false;
  const auto [at, is_new] = entries_.try_emplace(ssrc);
  auto& e = at->second;
  if (!is_new && e.now == phase::attached) return false;
  if (!is_new) leave(e);
  e.now = phase::attached;
  e.sink = &sink;
  for (const auto& p : std::exchange(e.held, {})) sink.deliver(p.bytes, p.from, p.arrival, p.over_tcp);
  return true;
}

void ssrc_demultiplexer::detach(std::uint32_t ssrc, const packet_sink& sink, const endpoint& source, bool rest,
                                time_point now) {
  if (closed_) return;
  const auto found = entries_.find(ssrc);
  if (found == entries_.end() || found->second.sink != &sink) return;
  erase(ssrc);
  if (rest && source.is_set()) remember(ssrc, phase::resting, source, now);
}

void ssrc_demultiplexer::refuse(std::uint32_t ssrc, time_point now) {
  if (closed_) return;
  const auto found = entries_.find(ssrc);
  if (found != entries_.end() && found->second.now == phase::attached) return;
  erase(ssrc);
  remember(ssrc, phase::refused, {}, now);
}

void ssrc_demultiplexer::remember(std::uint32_t ssrc, phase as, const endpoint& source, time_point now) {
  if (remembered_.size() >= options_.max_remembered) erase(remembered_.front().ssrc);
  auto& e = entries_[ssrc];
  e.now = as;
  e.at = remembered_.insert(remembered_.end(), {ssrc, source});
  e.heard = now;
}

void ssrc_demultiplexer::close() noexcept {
  closed_ = true;
  entries_.clear();
  probation_.clear();
  remembered_.clear();
  announced_ = 0;
}

}  // namespace berth::net
