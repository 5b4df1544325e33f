#include "api/viewers/viewer_feed.hpp"

#include <utility>

namespace berth::api {

viewer_feed::viewer_feed(net::fan_out_ptr frames, net::container as, const net::muxer_options& options,
                         std::size_t groups, post_turn post)
    : frames_(frames),
      packager_(std::move(frames), as, options),
      post_(std::move(post)),
      slots_(groups),
      place_(frames_->join([this] { wake(); })) {}

// The first group that gets its turn muxes for all; the others find it done. Each begins with its own flag and the
// place's, so that what comes during the turn is the next one.
void viewer_feed::advance(std::size_t group) {
  slots_[group].posted = false;
  place_->rearm();
  packager_.advance();
}

void viewer_feed::wake() {
  for (std::size_t i = 0; i < slots_.size(); ++i)
    if (slots_[i].viewers > 0 && !slots_[i].posted.exchange(true)) post_(i, weak_from_this());
}

}  // namespace berth::api
