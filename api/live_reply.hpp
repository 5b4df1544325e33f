// What the routes of viewers have in common: the query as it was sent, and refusals that a player shows.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <string_view>

#include "actors/messages.hpp"
#include "api/http_reply.hpp"
#include "api/http_request.hpp"

namespace berth::api {

struct node;

/// Without '?'.
std::string query_of(const http_request& request);
http_reply nothing_there(const http_request& request);
http_reply refusal_text(unsigned status, std::string_view why);
http_reply live_refusal(const actors::rejection& why, const http_request& request);

bool is_hls_path(std::string_view path) noexcept;
boost::asio::awaitable<http_reply> serve_hls(const node& n, const http_request& request);

}  // namespace berth::api
