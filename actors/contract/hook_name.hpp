// The one table of web hooks: their names, the keys of their URLs, and when they are called.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

namespace berth::actors {

enum class hook_name : std::uint8_t {
  rtp_server_timeout,
  server_started,
  server_keepalive,
  server_exited,
  alarm,
  publish,             ///< a question: may this stream be, and under which name and options
  play,                ///< a question: may this viewer watch
  stream_changed,      ///< media registered or unregistered, once a schema
  stream_none_reader,  ///< a question: nobody watches, is it to be closed
  stream_not_found,    ///< a question: a viewer waits for a stream that is not there
  flow_report,
  record_mp4,
  send_rtp_stopped,
};

struct hook_row {
  hook_name name;
  std::string_view key;   ///< of its URL in the configuration: "hook." and the name that metrics and logs give it
  std::string_view what;  ///< the key's sentence
};

/// In the order of the enumeration.
inline constexpr hook_row hook_table[] = {
    {hook_name::rtp_server_timeout, "hook.on_rtp_server_timeout",
     "URL that is called when a receiver got nothing for timeoutSec; empty = off."},
    {hook_name::server_started, "hook.on_server_started",
     "URL that is called when this node has started; empty = off."},
    {hook_name::server_keepalive, "hook.on_server_keepalive",
     "URL that is called when this node is alive; empty = off."},
    {hook_name::server_exited, "hook.on_server_exited", "URL that is called when this node ends; empty = off."},
    {hook_name::alarm, "hook.on_alarm", "URL that is called when an alarm is raised or cleared; empty = off."},
    {hook_name::publish, "hook.on_publish",
     "URL that is called when a stream is about to be published: the answer may refuse it; empty = off."},
    {hook_name::play, "hook.on_play",
     "URL that is called when a viewer asks for a stream: the answer may refuse it; empty = off."},
    {hook_name::stream_changed, "hook.on_stream_changed",
     "URL that is called when a stream came or went; empty = off."},
    {hook_name::stream_none_reader, "hook.on_stream_none_reader",
     "URL that is called when nobody watches a stream any more; empty = off."},
    {hook_name::stream_not_found, "hook.on_stream_not_found",
     "URL that is called when a viewer asks for a stream that is not there; empty = off."},
    {hook_name::flow_report, "hook.on_flow_report",
     "URL that is called when a connection has ended, with its traffic; empty = off."},
    {hook_name::record_mp4, "hook.on_record_mp4", "URL that is called when an MP4 file is complete; empty = off."},
    {hook_name::send_rtp_stopped, "hook.on_send_rtp_stopped",
     "URL that is called when sending a stream to another server has ended by itself; empty = off."},
};
inline constexpr std::size_t hook_name_count = std::size(hook_table);

/// The name as in metrics and logs, e.g. "on_rtp_server_timeout".
constexpr std::string_view to_string(hook_name name) noexcept {
  return hook_table[static_cast<std::size_t>(name)].key.substr(std::string_view{"hook."}.size());
}

namespace detail {
constexpr bool in_order() {
  for (std::size_t i = 0; i < hook_name_count; ++i)
    if (hook_table[i].name != static_cast<hook_name>(i)) return false;
  return true;
}
static_assert(in_order(), "hook_table stands in the order of hook_name");
}  // namespace detail

}  // namespace berth::actors
