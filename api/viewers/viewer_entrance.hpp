// Where viewers come in: from a request for a stream to the stream, or to a sentence why not.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <optional>
#include <string>

#include "actors/contract/messages.hpp"
#include "api/http/http_reply.hpp"
#include "api/viewers/viewer_path.hpp"
#include "api/viewers/viewer_service.hpp"

namespace berth::api {

/// Serves GET of the paths that viewer_path names; everything else is not found.
/// Shared by the routes, immutable; any thread may call it.
class viewer_entrance {
 public:
  /// What it needs of the core.
  struct dependencies {
    viewer_service& media;
    std::function<boost::asio::awaitable<actors::outcome<actors::watched>>(actors::watch_request)> watch;
    viewer_service::left_function left;
  };

  explicit viewer_entrance(dependencies d) : d_(std::move(d)) {}

  boost::asio::awaitable<http_reply> serve(const http_request& request) const;

 private:
  using admission = actors::outcome<actors::watched>;

  actors::viewer viewer_of(const http_request& request, const viewer_path& path) const;
  boost::asio::awaitable<admission> let_in(actors::viewer who) const;
  boost::asio::awaitable<http_reply> live(const http_request& request, const viewer_path& path) const;
  boost::asio::awaitable<http_reply> playlist(const http_request& request, const viewer_path& path) const;
  boost::asio::awaitable<http_reply> segment(const http_request& request, const viewer_path& path) const;

  dependencies d_;
};

}  // namespace berth::api
