#include "api/daemon/load_meter.hpp"

namespace berth::api {

void load_meter::sample(net::time_point now) {
  const std::lock_guard lock{mutex_};
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    auto& r = readings_[i];
    const auto cpu = sources_[i].cpu_time();
    if (r.at != net::time_point{} && now > r.at)
      r.load = static_cast<int>(100 * (cpu - r.cpu).count() / (now - r.at).count());
    if (sources_[i].longest_turn) r.delay_ms = static_cast<int>(net::to_ms(sources_[i].longest_turn()));
    r.at = now;
    r.cpu = cpu;
  }
}

boost::json::array load_meter::to_json() const {
  const std::lock_guard lock{mutex_};
  boost::json::array all;
  for (std::size_t i = 0; i < sources_.size(); ++i)
    all.push_back(boost::json::object{{"name", sources_[i].name},
                                      {"load", readings_[i].load},
                                      {"delay", readings_[i].delay_ms},
                                      {"fd_count", sources_[i].descriptors ? sources_[i].descriptors() : 0}});
  return all;
}

}  // namespace berth::api
