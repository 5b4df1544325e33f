// Status line and header fields of a reply: the one place that knows the contract's table of response headers.
#pragma once

#include <string>
#include <string_view>

#include "api/http/http_reply.hpp"
#include "api/http/http_request.hpp"
#include "net/base/time.hpp"

namespace berth::api {

/// RFC 9110 5.6.7: "Mon, 23 Nov 2026 06:54:35 GMT"
void append_http_date(std::string& to, net::wall_time time);

/// Everything up to and including the empty line. `chunked` only for a streamed reply to an HTTP/1.1 client.
std::string reply_head(const http_request& request, const http_reply& reply, bool keep_alive, bool chunked,
                       net::wall_time now);

/// RFC 9112 7.1: what stands in front of a chunk of `size` bytes, what behind it, and what behind all of them.
std::string chunk_head(std::size_t size);
inline constexpr std::string_view chunk_end = "\r\n";
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

}  // namespace berth::api
