#include "actors/stream/actor_threads.hpp"

#include <algorithm>

namespace berth::actors {

// CAF's own command line and files are none of Berth's, so everything is set here.
actor_threads::system_config::system_config(control_unit*& made) {
  module_factories.emplace_back([&made](caf::actor_system& system) { return made = new control_unit(system); });
}

actor_threads::actor_threads(const options& o) : system_(std::make_unique<caf::actor_system>(config_)) {
  for (std::size_t i = 0; i < std::max<std::size_t>(o.reactors, 1); ++i) {
    auto own = o.reactor;
    own.number = i;
    if (!o.processors.empty()) own.processor = o.processors[i % o.processors.size()];
    reactors_.push_back(std::make_unique<reactor>(*system_, own));
  }
}

actor_threads::~actor_threads() {
  control_->move_home();
  system_->await_all_actors_done();
  for (auto& r : reactors_) r->stop();
  // This thread has perhaps spawned actors, and CAF would wait for its end.
  caf::logger::set_current_actor_system(nullptr);
  system_.reset();
}

berth_host actor_threads::place() const {
  const auto least = std::min_element(reactors_.begin(), reactors_.end(),
                                      [](const auto& a, const auto& b) { return a->load() < b->load(); });
  return (*least)->host();
}

}  // namespace berth::actors
