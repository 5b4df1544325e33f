// ZLMediaKit's face of what the node fetches itself: streams of other servers, and files.
#pragma once

#include <boost/asio/thread_pool.hpp>

#include "api/config/config_store.hpp"
#include "api/core/core_client.hpp"
#include "api/http/router.hpp"
#include "api/recording/recording_archive.hpp"

namespace berth::api {

struct source_needs {
  const core_client& core;
  const config_store& config;
  const recording_archive& archive;
  boost::asio::thread_pool& texts;  ///< where long texts are made
};
/// What it is given outlives the router.
void add_source_routes(router& to, const source_needs& with);

}  // namespace berth::api
