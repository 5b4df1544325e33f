// RTSP/1.0 messages (RFC 2326), as far as a server that only plays has to know them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace berth::api {

struct rtsp_request {
  std::string method;  ///< as it was sent: they are case-sensitive
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;

  /// The first header of that name in any case; empty if there is none.
  std::string_view header(std::string_view name) const noexcept;
};

enum class rtsp_input : std::uint8_t {
  incomplete,   ///< more bytes are needed
  request,      ///< one was taken, with its body
  interleaved,  ///< a packet behind '$' was taken, and thrown away (RFC 2326 10.12)
  broken,       ///< nothing can be made of it
};
inline constexpr std::size_t longest_rtsp_message = 16 * 1024;

/// Takes one message off the front of `bytes`.
rtsp_input take_rtsp(std::string& bytes, rtsp_request& out);

/// A whole reply, with the request's CSeq. A body comes with its own headers in `headers`, but for Content-Length.
std::string rtsp_reply(const rtsp_request& to, unsigned status,
                       const std::vector<std::pair<std::string, std::string>>& headers = {},
                       std::string_view body = {});

/// What a client wants of one track (RFC 2326 12.39): the first of its choices that can be had.
struct rtsp_transport {
  bool tcp = false;
  std::uint8_t channel = 0;  ///< of interleaved RTP; RTCP is on the next one
  bool chosen = false;       ///< the client named the channel
  std::uint16_t rtp_port = 0, rtcp_port = 0;
};
std::optional<rtsp_transport> parse_rtsp_transport(std::string_view header);

/// "rtsp://host/app/stream?query", perhaps with "/trackID=N" behind it.
struct rtsp_target {
  std::string app, stream, query;
  std::optional<std::size_t> track;
};
std::optional<rtsp_target> parse_rtsp_url(std::string_view url);

}  // namespace berth::api
