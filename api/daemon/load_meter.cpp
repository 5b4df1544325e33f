#include "api/daemon/load_meter.hpp"

namespace berth::api {

void load_meter::sample(net::time_point now) {
  const std::lock_guard lock{mutex_};
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    auto& r = readings_[i];
    const auto cpu = sources_[i].cpu_time();
    if (r.at != net::time_point{} && now > r.at)
      r.busy = static_cast<double>((cpu - r.cpu).count()) / static_cast<double>((now - r.at).count());
    if (sources_[i].longest_turn) r.longest_turn = sources_[i].longest_turn();
    r.at = now;
    r.cpu = cpu;
  }
}

boost::json::array load_meter::to_json() const {
  const std::lock_guard lock{mutex_};
  boost::json::array all;
  for (std::size_t i = 0; i < sources_.size(); ++i)
    all.push_back(boost::json::object{{"name", sources_[i].name},
                                      {"load", static_cast<int>(100 * readings_[i].busy)},
                                      {"delay", net::to_ms(readings_[i].longest_turn)},
                                      {"fd_count", sources_[i].descriptors ? sources_[i].descriptors() : 0}});
  return all;
}

std::vector<thread_load> load_meter::loads() const {
  const std::lock_guard lock{mutex_};
  std::vector<thread_load> all;
  for (std::size_t i = 0; i < sources_.size(); ++i)
    all.push_back({sources_[i].name, readings_[i].busy, readings_[i].longest_turn});
  return all;
}

}  // namespace berth::api
