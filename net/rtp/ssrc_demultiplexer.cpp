#include "net/rtp/ssrc_demultiplexer.hpp"

#include <algorithm>

namespace berth::net {
namespace {

// Someone who forges SSRCs fills the table with entries that never get a second packet: after this they make room.
constexpr auto probation_time = std::chrono::seconds{2};

}  // namespace

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
    case phase::probation:
      e.heard = arrival;
      if (packet.sequence != static_cast<std::uint16_t>(e.last_sequence + 1)) {
        // Not in sequence: what was held belongs to nothing, the count begins with this packet.
        e.held.clear();
        e.last_sequence = packet.sequence;
        hold(e, packet, from, arrival, over_tcp);
        return std::nullopt;
      }
      hold(e, packet, from, arrival, over_tcp);
      e.now = phase::announced;
      announce_(packet.ssrc);
      return std::nullopt;
    case phase::refused:
      if (arrival - e.heard < options_.refusal_time) return refusal::wrong_ssrc;
      break;
    case phase::resting:
      if (from == e.source && arrival - e.heard < options_.silence) {
        e.heard = arrival;
        return refusal::resting;
      }
      break;
  }
  erase(packet.ssrc);
  return begin(packet, from, arrival, over_tcp);
}

std::optional<refusal> ssrc_demultiplexer::begin(const rtp_packet& packet, const endpoint& from, time_point arrival,
                                                 bool over_tcp) {
  if (waiting_ >= options_.max_waiting && !make_room(arrival)) return refusal::wrong_ssrc;
  ++waiting_;
  auto& e = entries_[packet.ssrc];
  e.last_sequence = packet.sequence;
  e.heard = arrival;
  hold(e, packet, from, arrival, over_tcp);
  return std::nullopt;
}

void ssrc_demultiplexer::hold(entry& e, const rtp_packet& packet, const endpoint& from, time_point arrival,
                              bool over_tcp) {
  if (e.held.size() >= options_.max_held_packets) return;
  e.held.push_back({{packet.whole.begin(), packet.whole.end()}, from, arrival, over_tcp});
}

bool ssrc_demultiplexer::make_room(time_point now) {
  const auto stale = std::find_if(entries_.begin(), entries_.end(), [&](const auto& item) {
    return item.second.now == phase::probation && now - item.second.heard >= probation_time;
  });
  if (stale == entries_.end()) return false;
  erase(stale->first);
  return true;
}

void ssrc_demultiplexer::erase(std::uint32_t ssrc) {
  const auto found = entries_.find(ssrc);
  if (found == entries_.end()) return;
  const auto now = found->second.now;
  if (now == phase::probation || now == phase::announced) --waiting_;
  if (now == phase::refused || now == phase::resting) --remembered_;
  entries_.erase(found);
}

bool ssrc_demultiplexer::attach(std::uint32_t ssrc, packet_sink& sink) {
  if (closed_) return false;
  auto& e = entries_[ssrc];
  if (e.now == phase::attached) return false;
  if (e.now == phase::announced || !e.held.empty()) --waiting_;
  if (e.now == phase::refused || e.now == phase::resting) --remembered_;
  e.now = phase::attached;
  e.sink = &sink;
  for (const auto& p : std::exchange(e.held, {})) sink.deliver(p.bytes, p.from, p.arrival, p.over_tcp);
  return true;
}

void ssrc_demultiplexer::detach(std::uint32_t ssrc, const endpoint& source, bool rest, time_point now) {
  if (closed_) return;
  erase(ssrc);
  if (rest && source.is_set()) remember(ssrc, phase::resting, source, now);
}

void ssrc_demultiplexer::refuse(std::uint32_t ssrc, time_point now) {
  if (closed_) return;
  erase(ssrc);
  remember(ssrc, phase::refused, {}, now);
}

void ssrc_demultiplexer::remember(std::uint32_t ssrc, phase as, const endpoint& source, time_point now) {
  if (remembered_ >= options_.max_remembered) {
    const auto longest = std::max(options_.silence, options_.refusal_time);
    std::erase_if(entries_, [&](const auto& item) {
      const auto& e = item.second;
      const bool over = (e.now == phase::refused || e.now == phase::resting) && now - e.heard >= longest;
      if (over) --remembered_;
      return over;
    });
    if (remembered_ >= options_.max_remembered) return;
  }
  auto& e = entries_[ssrc];
  e.now = as;
  e.source = source;
  e.heard = now;
  ++remembered_;
}

void ssrc_demultiplexer::close() noexcept {
  closed_ = true;
  entries_.clear();
  waiting_ = 0;
}

}  // namespace berth::net
