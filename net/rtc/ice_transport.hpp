// The way through the network to a browser: ICE (RFC 8445), by libnice.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "net/base/bytes.hpp"
#include "net/io/port_pool.hpp"
#include "net/rtc/rtc_description.hpp"
#include "net/rtc/rtc_loop.hpp"

namespace berth::net {

struct ice_options {
  std::vector<std::string> addresses;  ///< to bind to; empty = all of the machine
  std::vector<std::string> announced;  ///< in place of those in the candidates, behind a NAT; empty = as they are
  port_range ports{49152, 65535};
  bool controlling = false;  ///< who made the offer decides
};

/// One component that carries everything (rtcp-mux). All of it is for the loop's thread; events come on it, and none
/// after the destructor.
class ice_transport {
 public:
  struct events {
    std::function<void(const ice_parameters&)> gathered;  ///< all that is to be told to the other side
    std::function<void()> connected;
    std::function<void()> failed;  ///< no way was found, or the other side does not answer any more
    std::function<void(bytes_view)> datagram;
  };

  static std::unique_ptr<ice_transport> make(rtc_loop& loop, const ice_options& o, events e);
  virtual ~ice_transport() = default;

  virtual bool gather() = 0;
  /// False if they are none.
  virtual bool set_remote(const ice_parameters& theirs) = 0;
  virtual void send(bytes_view datagram) = 0;
};

}  // namespace berth::net
