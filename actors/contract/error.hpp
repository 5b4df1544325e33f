// Why the core refuses a request: one code for programs, one sentence with the figures for people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace berth::actors {

enum class errc : std::uint8_t {
  ok = 0,
  stream_live,         ///< the key is open and RTP flows; on_conflict says what else could have been done
  not_found,           ///< no stream of that key
  ambiguous,           ///< a guess was allowed, and several streams could be meant
  generation_differs,  ///< a stream of that key is open, but not the one that was meant
  not_tcp_active,      ///< connect needs a stream that was opened with tcp_mode 2
  shared_port,         ///< asked of a stream or port where only the SSRC tells the streams apart
  not_published,       ///< the stream is open but nothing has arrived yet
  no_port,             ///< the range is exhausted, or nothing could be bound
  bad_address,         ///< the bind address is not a numeric address of this machine
  connect_failed,      ///< the remote side refused, or does not answer
  stream_ended,        ///< the stream was closed while the request was under way
  too_many_streams,    ///< a configured bound is reached
  shutting_down,       ///< the daemon is going down
  play_refused,        ///< on_play's answer was no
  publish_refused,     ///< on_publish's answer was no
  not_sendable,        ///< nothing of the stream can be sent in the form that was asked for
  not_seekable,        ///< the stream does not come from a file
  no_sender,           ///< no sender of that SSRC
  schema_off,          ///< the stream is not served in the form that was asked for
  no_answer,           ///< the core did not answer in time: what was asked is done, or not, when it can
  internal,            ///< a broken promise inside the daemon; the text says which
};
inline constexpr std::size_t errc_count = static_cast<std::size_t>(errc::internal) + 1;

/// The code as a metric label and JSON name, e.g. "stream_live".
std::string_view to_string(errc code) noexcept;

}  // namespace berth::actors
