// The supervisor as the rest of the program sees it.
#pragma once

#include <functional>

#include "actors/contract/adjusting.hpp"
#include "actors/contract/inquiry.hpp"
#include "actors/contract/node_settings.hpp"
#include "actors/contract/opening.hpp"
#include "actors/contract/sending.hpp"
#include "actors/contract/supervision.hpp"
#include "actors/contract/watching.hpp"

namespace berth::actors {

/// Sent by the supervisor to itself: look at the clock.
struct tick {
  using answer = nothing;
};
/// Likewise: a turn has left something over.
struct proceed {
  using answer = nothing;
};

/// Likewise: what has to wait until the records are nobody's.
struct postponed {
  using answer = nothing;

  std::function<void()> work;
};

using supervisor_actor =
    actor_of<asked_of_receivers, asked_of_sources, open_request, close_request, query_request, list_request,
             ports_request, stats_request, idle_check_request, watch_request, media_request, send_request,
             stop_sending_request, senders_request, shutdown_request, stream_notice, ssrc_arrived, talk_over, tick,
             proceed, postponed>::extend<caf::reacts_to<node_settings_ptr>>;

}  // namespace berth::actors
