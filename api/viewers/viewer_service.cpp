#include "api/viewers/viewer_service.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "api/viewers/viewer_transports.hpp"

namespace berth::api {
namespace {

namespace asio = boost::asio;

net::duration tick_of(const viewer_settings& s) {
  return std::clamp<net::duration>(s.viewer_timeout / 4, std::chrono::milliseconds{10}, std::chrono::seconds{1});
}

}  // namespace

viewer_service::viewer_service(context_pool& contexts, viewer_settings_function settings)
    : contexts_(contexts), settings_(std::move(settings)), groups_(contexts, [this] { return tick_of(settings_()); }) {}

viewer_feed_ptr viewer_service::feed_of(const actors::watched& stream, net::container as, bool enhanced_flv) {
  const std::lock_guard lock{mutex_};
  std::erase_if(feeds_, [](const auto& f) { return f.second.expired(); });
  auto& place = feeds_[{stream.generation, as, enhanced_flv}];
  auto feed = place.lock();
  if (!feed) {
    net::muxer_options options;
    options.enhanced_flv = enhanced_flv;
    options.ssrc = static_cast<std::uint32_t>(random_());
    options.begun = net::wall_clock::now();
    feed = groups_.make_feed(stream.media, as, options);
    place = feed;
  }
  return feed;
}

std::optional<viewer_order> viewer_service::reserve(actors::viewer who, const actors::watched& stream,
                                                    net::container as, left_function left) {
  const auto s = settings_();
  who.key = stream.key;
  auto entry = viewers_.add(std::move(who), s.max_viewers);
  if (!entry) return std::nullopt;
  return viewer_order{feed_of(stream, as, as == net::container::flv && s.enhanced_flv), stream.media, std::move(entry),
                      std::move(left), s.viewer_timeout};
}

template <class Make>
void viewer_service::begin(viewer_order order, Make make) {
  auto& group = groups_.emptiest();
  const auto entry = order.entry;
  const media_viewer_ptr viewer = make(std::move(order), group.executor());
  viewers_.set_wake(*entry, [weak = std::weak_ptr{viewer}, executor = group.executor()] {
    asio::post(executor, [weak] {
      if (const auto v = weak.lock()) v->end(media_viewer::ending::kicked);
    });
  });
  group.admit(viewer);
}

void viewer_service::serve_http(viewer_order order, taken_connection taken, std::string head, bool chunked) {
  begin(std::move(order), [&](viewer_order o, const asio::any_io_executor& executor) {
    return make_http_viewer(std::move(o), std::move(taken), executor, settings_().send_buffer, std::move(head),
                            chunked);
  });
}

void viewer_service::serve_websocket(viewer_order order, taken_connection taken, const http_request& request) {
  begin(std::move(order), [&](viewer_order o, const asio::any_io_executor& executor) {
    return make_ws_viewer(std::move(o), std::move(taken), executor, settings_().send_buffer, request);
  });
}

void viewer_service::serve_rtsp(viewer_order order, taken_connection taken, rtsp_delivery delivery, std::string reply) {
  begin(std::move(order), [&](viewer_order o, const asio::any_io_executor& executor) {
    return make_rtsp_viewer(std::move(o), std::move(taken), executor, settings_().send_buffer, std::move(delivery),
                            std::move(reply));
  });
}

void viewer_service::serve_rtc(viewer_order order, rtc_delivery delivery) {
  begin(std::move(order), [&](viewer_order o, const asio::any_io_executor& executor) {
    return make_rtc_viewer(std::move(o), executor, std::move(delivery));
  });
}

hls_stream_ptr viewer_service::open_hls(const actors::stream_key& asked_for, const actors::watched& stream,
                                        net::container as) {
  return hls_.open(asked_for, stream, as, settings_(), contexts_.next().get_executor());
}

void viewer_service::stop(std::function<void()> done) {
  hls_.stop();
  groups_.stop(std::move(done));
}

}  // namespace berth::api
