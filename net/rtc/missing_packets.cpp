#include "net/rtc/missing_packets.hpp"

#include <algorithm>

namespace berth::net {

void missing_packets::came(std::uint16_t number, bool anew, time_point now) {
  const auto ahead = static_cast<std::int16_t>(number - next_);
  if (anew || ahead > static_cast<std::int16_t>(most)) {
    holes_.clear();
  } else if (ahead < 0) {
    std::erase_if(holes_, [&](const hole& h) { return h.number == number; });
    return;
  } else {
    for (; next_ != number; ++next_) holes_.push_back({next_, now, now + first_after});
    while (holes_.size() > most) holes_.pop_front();
  }
  next_ = static_cast<std::uint16_t>(number + 1);
}

std::vector<std::uint16_t> missing_packets::to_ask_for(time_point now) {
  std::erase_if(holes_, [&](const hole& h) { return now - h.since >= given_up_after; });
  std::vector<std::uint16_t> wanted;
  for (auto& h : holes_) {
    if (now < h.due) continue;
    h.due = now + again_after;
    wanted.push_back(h.number);
  }
  return wanted;
}

}  // namespace berth::net
