// What the route files need of the daemon.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <boost/json.hpp>
#include <functional>

#include "api/config/config_store.hpp"
#include "api/core/core_client.hpp"
#include "api/core/event_feed.hpp"
#include "api/http/router.hpp"
#include "api/recording/recorder.hpp"
#include "api/recording/recording_archive.hpp"
#include "api/recording/snapshot_service.hpp"
#include "api/viewers/rtc_service.hpp"
#include "api/viewers/viewer_service.hpp"
#include "net/io/socket_factory.hpp"

namespace berth::api {

/// References into the daemon, which outlives every session. Its functions may be called from any HTTP thread.
struct node {
  const core_client& core;
  config_store& config;
  net::socket_factory& sockets;
  boost::asio::thread_pool& disk;  ///< where waiting is allowed
  event_feed& feed;
  const router& routes;
  viewer_service& media;
  recorder& recordings;
  const recording_archive& archive;
  snapshot_service& snapshots;
  rtc_service& rtc;
  std::function<void()> restart;  ///< begins an orderly end that is followed by a new start
  std::function<bool()> ready;    ///< listening, and not on the way out
  std::function<boost::json::array()> reactor_loads;
  std::function<boost::json::array()> worker_loads;
};

/// Fills the router. The node must outlive it.
void add_rtp_server_routes(router& to, const node& n);
void add_rtp_sender_routes(router& to, const node& n);
void add_rtc_routes(router& to, const node& n);
void add_source_routes(router& to, const node& n);
void add_server_routes(router& to, const node& n);
void add_v1_routes(router& to, const node& n);
void add_event_routes(router& to, const node& n);
void add_media_routes(router& to, const node& n);
void add_viewer_routes(router& to, const node& n);
void add_openapi_route(router& to);

/// getStatistic's figures, which the keepalive hook carries as well.
boost::json::object statistic(const actors::node_stats& stats);

}  // namespace berth::api
