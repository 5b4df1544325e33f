// A viewer over RTSP: media on its connection or to its ports, and an ear for what it says meanwhile.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "api/http/taken_connection.hpp"
#include "api/viewers/media_viewer.hpp"
#include "net/base/endpoint.hpp"
#include "net/base/unique_fd.hpp"

namespace berth::api {

inline constexpr std::string_view rtsp_methods =
    "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER, SET_PARAMETER";

/// Where packets come from that go over UDP.
struct rtsp_ports {
  net::unique_fd rtp, rtcp;
  std::uint16_t first = 0;
};

/// What a client has set up: how it gets each track, if it wants it at all.
struct rtsp_delivery {
  struct to_channel {
    std::uint8_t channel = 0;
  };
  struct to_ports {
    net::endpoint rtp, rtcp;
  };
  std::array<std::optional<std::variant<to_channel, to_ports>>, 2> tracks;
  std::optional<rtsp_ports> ports;

  bool any() const noexcept { return tracks[0] || tracks[1]; }
  bool over_tcp() const noexcept { return !ports; }
};

/// `reply` is that to PLAY.
media_viewer_ptr make_rtsp_viewer(viewer_order order, taken_connection taken,
                                  const boost::asio::any_io_executor& executor, std::size_t send_buffer,
                                  rtsp_delivery delivery, std::string reply);

}  // namespace berth::api
