// Viewers over HTTP and WebSocket: from a path to the stream, or to a sentence why not.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "api/http/http_reply.hpp"
#include "api/viewers/viewer_entrance.hpp"
#include "api/viewers/viewer_path.hpp"

namespace berth::api {

/// Serves GET of the paths that viewer_path names; everything else is not found.
/// Shared by the routes, immutable; any thread may call it.
class http_entrance {
 public:
  explicit http_entrance(const viewer_entrance& in) : in_(in) {}

  boost::asio::awaitable<http_reply> serve(const http_request& request) const;

 private:
  actors::viewer viewer_of(const http_request& request, const viewer_path& path) const;
  boost::asio::awaitable<http_reply> live(const http_request& request, const viewer_path& path) const;
  boost::asio::awaitable<http_reply> playlist(const http_request& request, const viewer_path& path) const;
  boost::asio::awaitable<http_reply> segment(const http_request& request, const viewer_path& path) const;

  const viewer_entrance& in_;
};

}  // namespace berth::api
