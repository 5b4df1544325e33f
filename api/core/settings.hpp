// From configuration keys to the options structs of the modules: the only place that reads keys by name, besides
// api/config itself.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "actors/contract/node_settings.hpp"
#include "actors/events/hook.hpp"
#include "actors/stream/actor_threads.hpp"
#include "api/config/config.hpp"
#include "api/core/viewer_settings.hpp"
#include "api/http/http_settings.hpp"

namespace berth::api {

actors::node_settings node_settings_of(const config& c);
http_settings http_settings_of(const config& c);
actors::hook_settings hook_settings_of(const config& c);
viewer_settings viewer_settings_of(const config& c);

struct rtc_settings {
  bool enable = true;
  std::vector<std::string> addresses;  ///< numeric, of this machine; empty = all of them
  std::vector<std::string> announced;  ///< in their place
  net::port_range ports;
  net::duration patience{};            ///< with a browser that does not come
  std::vector<std::string> preferred;  ///< codecs, of sound and then of pictures
};
rtc_settings rtc_settings_of(const config& c);

struct recording_settings {
  std::string root;  ///< as configured, perhaps relative
  std::string app;   ///< the folder below it
};
recording_settings recording_settings_of(const config& c);

/// What requests are read by.
struct request_settings {
  bool virtual_hosts = false;      ///< else there is one
  net::duration source_timeout{};  ///< the longest there is
};
request_settings request_settings_of(const config& c);

/// What the daemon itself goes by.
struct daemon_settings {
  std::string state_dir;  ///< empty = found by the environment
  std::string server_id;
  std::string log_level;
  bool json_log = false;
  std::string listen_ip;
  std::uint16_t http_port = 0;
  std::uint16_t rtsp_port = 0;        ///< 0 = off
  std::uint16_t shared_rtp_port = 0;  ///< 0 = off
  std::size_t http_threads = 1;
  net::duration shutdown{};
  actors::actor_threads::options actors{};
};
daemon_settings daemon_settings_of(const config& c);

}  // namespace berth::api
