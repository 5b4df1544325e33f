#include "actors/supervisor/waiting_viewers.hpp"

#include <algorithm>

namespace berth::actors {

bool waiting_viewers::add(waiting who, net::time_point deadline) {
  auto key = who.key;
  const bool first = waiting_.find(key) == waiting_.end();
  waiting_.emplace(std::move(key), entry{deadline, std::move(who)});
  earliest_ = std::min(earliest_, deadline);
  return first;
}

std::vector<waiting_viewers::waiting> waiting_viewers::take(const stream_key& key) {
  std::vector<waiting> out;
  const auto [begin, end] = waiting_.equal_range(key);
  for (auto it = begin; it != end; ++it) out.push_back(std::move(it->second.who));
  waiting_.erase(begin, end);
  return out;
}

std::vector<waiting_viewers::waiting> waiting_viewers::take_due(net::time_point now) {
  std::vector<waiting> out;
  if (now < earliest_) return out;
  earliest_ = net::time_point::max();
  std::erase_if(waiting_, [&](auto& w) {
    if (w.second.deadline > now) {
      earliest_ = std::min(earliest_, w.second.deadline);
      return false;
    }
    out.push_back(std::move(w.second.who));
    return true;
  });
  return out;
}

std::vector<waiting_viewers::waiting> waiting_viewers::take_all() { return take_due(net::time_point::max()); }

}  // namespace berth::actors
