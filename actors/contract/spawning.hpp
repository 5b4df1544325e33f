// Makes actors of state classes: State::handle, State::start(args...).
#pragma once

#include <caf/all.hpp>
#include <utility>

namespace berth::actors {

template <class State, class... Ts>
typename State::handle::behavior_type run(typename State::self_pointer self, Ts... xs) {
  return self->state.start(std::move(xs)...);
}

/// Spawns a state class on CAF's scheduler, e.g. spawn<stream_supervisor>(system, options).
template <class State, caf::spawn_options Options = caf::no_spawn_options, class Spawner, class... Ts>
typename State::handle spawn(Spawner& where, Ts... xs) {
  return where.template spawn<Options>(run<State, Ts...>, std::move(xs)...);
}

}  // namespace berth::actors
