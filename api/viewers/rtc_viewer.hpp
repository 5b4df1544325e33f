// A viewer over WebRTC: a browser.
#pragma once

#include <array>
#include <optional>

#include "api/viewers/media_viewer.hpp"
#include "api/viewers/rtc_link.hpp"
#include "net/rtc/rtc_session.hpp"

namespace berth::api {

/// How a browser gets the tracks of a stream.
struct rtc_delivery {
  struct place {
    std::uint8_t payload_type = 0;
    std::uint32_t ssrc = 0;
  };
  std::shared_ptr<net::rtc_session> session;
  std::shared_ptr<rtc_link> link;
  std::array<std::optional<place>, 2> tracks;  ///< in the order of the muxer's; none = not wanted
};

media_viewer_ptr make_rtc_viewer(viewer_order order, const boost::asio::any_io_executor& executor,
                                 rtc_delivery delivery);

}  // namespace berth::api
