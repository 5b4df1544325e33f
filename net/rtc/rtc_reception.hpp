// What a browser sends, as a source of media.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "net/ingest/payload_set.hpp"
#include "net/ingest/reorder_buffer.hpp"
#include "net/rtc/rtc_session.hpp"
#include "net/source/media_source.hpp"

namespace berth::net {

/// Packets in the clear become frames; the browser gets reports, and is asked for a key frame every few seconds, since it
/// makes none by itself. Frames that nobody takes are bounded: more of them are lost.
/// Shared by a session, whose thread calls the first group of members, and its source.
class rtc_reception : public std::enable_shared_from_this<rtc_reception> {
 public:
  static constexpr std::size_t most_items = 1024;

  explicit rtc_reception(const std::vector<rtc_choice>& choices);
  ~rtc_reception();

  // ---- the session's thread
  void on_packet(bytes_view packet, bool rtcp, time_point now);
  /// Time passes: packets to send.
  rtc_session::packet_list look(time_point now);
  void end(const std::string& why);

  // ---- any thread
  /// Once. `stop` ends the session.
  std::unique_ptr<media_source> source(std::function<void()> wake, std::function<void()> stop);

 private:
  class receiver;
  class voice;

  void give(source_item item);

  std::vector<std::unique_ptr<receiver>> receivers_;
  announced_tracks announced_;
  std::mutex mutex_;
  std::deque<source_item> items_;
  std::function<void()> wake_;
  bool ended_ = false;
};

}  // namespace berth::net
