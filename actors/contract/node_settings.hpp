// What the supervisor and new streams go by.
#pragma once

#include <memory>
#include <string>

#include "actors/contract/opening.hpp"
#include "net/egress/rtp_packetizer.hpp"
#include "net/io/port_allocator.hpp"
#include "net/media/media_options.hpp"

namespace berth::actors {

/// Sent to the supervisor by the daemon at every change of the configuration, as a pointer to what never changes.
struct node_settings {
  net::allocator_options allocator;
  std::string listen_ip = "::";
  net::duration idle_after = std::chrono::seconds{15};
  net::duration stall_after = std::chrono::seconds{3};
  net::duration relearn_after = std::chrono::seconds{1};
  net::source_policy sources = net::source_policy::learn;
  conflict_policy on_conflict = conflict_policy::error;
  /// A connect or a new SSRC filter for a key that is not open is meant for the one idle stream of its app that it fits.
  bool guess_streams = false;
  std::size_t max_multiplex_streams = 4096;
  std::size_t max_tcp_frame = 10 * 1024;
  net::media_options media;
  publish_options publish;
  net::duration none_reader_after = std::chrono::seconds{20};
  std::size_t max_waiting_viewers = 1000;
  net::packetizer_options sending;
  std::size_t max_senders = 10000;
  std::size_t max_sources = 200;  ///< streams that the node fetches
  struct alarm_settings {
    net::duration window = std::chrono::seconds{60};
    std::size_t min_opens = 10;
    double raise_ratio = 0.1, clear_ratio = 0.05;
    double pool_low_ratio = 0.05, pool_clear_ratio = 0.1;
  } alarm;
};
using node_settings_ptr = std::shared_ptr<const node_settings>;

}  // namespace berth::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::node_settings_ptr)
