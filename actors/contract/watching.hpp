// Who wants a stream's media gets it here, and nowhere else.
#pragma once

#include <optional>

#include "actors/contract/message.hpp"
#include "actors/contract/stream_status.hpp"
#include "actors/contract/viewer.hpp"
#include "net/media/fan_out.hpp"

namespace berth::actors {

/// For a viewer; its key is the public one or the one that was opened. Answered when the stream's tracks are complete,
/// at once if they are. Refused with play_refused (the hook said no), schema_off, not_found when `wait` has passed,
/// too_many_streams when too many wait already.
struct watched {
  stream_key key;  ///< the public one
  generation_t generation = 0;
  net::fan_out_ptr media;
};
struct watch_request {
  using answer = outcome<watched>;
  static constexpr auto to = receiver::supervisor;
  net::duration patience() const { return hook_patience + wait; }

  viewer who;
  net::duration wait{};
};

/// For recordings and pictures: nobody is asked, and it counts for no viewer. Answered at once. Refused with not_found,
/// not_published while the tracks are not complete, and generation_differs.
struct media_handle {
  stream_status stream;
  net::fan_out_ptr media;
};
struct media_request {
  using answer = outcome<media_handle>;
  static constexpr auto to = receiver::supervisor;

  stream_key key;
  std::optional<generation_t> generation{};  ///< only this life of the stream
};

}  // namespace berth::actors
