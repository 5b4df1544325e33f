// The two ways in which a viewer takes media.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <string>

#include "api/http/http_request.hpp"
#include "api/http/taken_connection.hpp"
#include "api/viewers/media_viewer.hpp"

namespace berth::api {

/// The body of an HTTP reply that has no end; `head` is its head, and says if it is chunked.
media_viewer_ptr make_http_viewer(viewer_order order, taken_connection taken,
                                  const boost::asio::any_io_executor& executor, std::size_t send_buffer,
                                  std::string head, bool chunked);

/// Binary messages of a WebSocket (RFC 6455); `request` is the one that asked for it.
media_viewer_ptr make_ws_viewer(viewer_order order, taken_connection taken,
                                const boost::asio::any_io_executor& executor, std::size_t send_buffer,
                                const http_request& request);
/// Whether the request asks for a WebSocket, and for one that can be had.
bool asks_for_websocket(const http_request& request);

}  // namespace berth::api
