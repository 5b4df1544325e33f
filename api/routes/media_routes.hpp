// ZLMediaKit's face of media: lists, viewers, closing, recording, pictures.
#pragma once

#include <boost/asio/thread_pool.hpp>

#include "api/config/config_store.hpp"
#include "api/core/core_client.hpp"
#include "api/http/router.hpp"
#include "api/recording/recorder.hpp"
#include "api/recording/recording_archive.hpp"
#include "api/recording/snapshot_service.hpp"
#include "api/viewers/viewer_registry.hpp"

namespace berth::api {

struct media_needs {
  const core_client& core;
  const config_store& config;
  viewer_registry& viewers;
  recorder& recordings;
  const recording_archive& archive;
  snapshot_service& snapshots;
  boost::asio::thread_pool& texts;  ///< where long texts are made
};
/// What it is given outlives the router.
void add_media_routes(router& to, const media_needs& with);

}  // namespace berth::api
