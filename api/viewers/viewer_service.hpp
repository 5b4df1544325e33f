// All that viewers take: who watches, what is made for them, and where it runs.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>

#include "actors/contract/watching.hpp"
#include "api/core/viewer_settings.hpp"
#include "api/http/http_request.hpp"
#include "api/http/taken_connection.hpp"
#include "api/viewers/hls_streams.hpp"
#include "api/viewers/rtc_viewer.hpp"
#include "api/viewers/rtsp_viewer.hpp"
#include "api/viewers/viewer_groups.hpp"
#include "api/viewers/viewer_registry.hpp"

namespace berth::api {

/// Viewers run on the io_contexts, in a group on each.
/// Owned by the daemon; any thread may call it. Destroy it when nobody runs the io_contexts any more, and before them.
class viewer_service {
 public:
  using left_function = std::function<void(const actors::viewer&, const actors::consumption&)>;

  viewer_service(context_pool& contexts, viewer_settings_function settings);
  viewer_service(const viewer_service&) = delete;
  viewer_service& operator=(const viewer_service&) = delete;

  viewer_registry& viewers() noexcept { return viewers_; }
  hls_streams& hls() noexcept { return hls_; }
  viewer_settings settings() const { return settings_(); }

  /// A place for a viewer that was let in; `who.key` becomes the stream's public one. `left` is called once when the
  /// viewer has gone, but not behind stop(). Nothing if there are too many viewers.
  std::optional<viewer_order> reserve(actors::viewer who, const actors::watched& stream, net::container as,
                                      left_function left);
  /// The viewer begins, as what follows the head of an HTTP reply, which says if that is chunked.
  void serve_http(viewer_order order, taken_connection taken, std::string head, bool chunked);
  /// The viewer begins, as the WebSocket that `request` asks for.
  void serve_websocket(viewer_order order, taken_connection taken, const http_request& request);

  /// The viewer begins, on a connection that has played RTSP up to PLAY, whose reply is `reply`.
  void serve_rtsp(viewer_order order, taken_connection taken, rtsp_delivery delivery, std::string reply);
  /// The viewer begins, and media follows when its session is established.
  void serve_rtc(viewer_order order, rtc_delivery delivery);

  /// The HLS session of a stream; null when it is too late.
  hls_stream_ptr open_hls(const actors::stream_key& asked_for, const actors::watched& stream, net::container as);

  /// Ends all viewers and all who come later. `done` is called on a thread of the io_contexts when nobody is counted and
  /// nobody is told of any more; what is still to be said to clients is said within two seconds behind it.
  void stop(std::function<void()> done);

 private:
  struct form {
    actors::generation_t generation;
    net::container as;
    bool enhanced_flv;
    auto operator<=>(const form&) const = default;
  };

  viewer_feed_ptr feed_of(const actors::watched& stream, net::container as, bool enhanced_flv);
  template <class Make>
  void begin(viewer_order order, Make make);

  context_pool& contexts_;
  const viewer_settings_function settings_;
  viewer_registry viewers_;
  std::mutex mutex_;  // of feeds_ and random_
  std::mt19937 random_{std::random_device{}()};
  std::map<form, std::weak_ptr<viewer_feed>> feeds_;
  viewer_groups groups_;
  hls_streams hls_;
};

}  // namespace berth::api
