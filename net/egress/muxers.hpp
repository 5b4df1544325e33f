// The muxer of each container.
#pragma once

#include "net/egress/container.hpp"

namespace berth::net {

std::unique_ptr<muxer> make_muxer(container c, const std::vector<track_ptr>& tracks, const muxer_options& options = {});

}  // namespace berth::net
