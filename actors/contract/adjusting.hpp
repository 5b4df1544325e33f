// What a controller changes of an open stream. The supervisor finds the stream that is meant, and passes on what the
// stream itself has to answer: what stands in one of the two lists at the end goes its way by itself.
#pragma once

#include <cstdint>
#include <optional>

#include "actors/contract/message.hpp"
#include "actors/contract/stream_key.hpp"
#include "net/base/endpoint.hpp"

namespace berth::actors {

/// The filter acts on the next packet, on live TCP connections too. Refused with not_found, shared_port, stream_ended.
struct update_ssrc_request {
  using answer = outcome<completed>;
  static constexpr auto to = receiver::supervisor;

  stream_key key;
  std::uint32_t ssrc = 0;
};

/// Answered when the TCP connection is up. Refused with not_found, not_tcp_active, connect_failed, stream_ended.
struct connect_request {
  using answer = outcome<completed>;
  static constexpr auto to = receiver::supervisor;
  // The stream keeps the connection's own deadline; the API's must not be first.
  net::duration patience() const { return timeout; }

  stream_key key;
  net::endpoint remote;
  net::duration timeout{};
};

/// Of a stream that comes from a file. Refused with not_found, not_seekable, stream_ended.
struct playback_request {
  using answer = outcome<completed>;
  static constexpr auto to = receiver::supervisor;

  stream_key key;
  std::optional<net::duration> position{};  ///< go on there
  std::optional<double> speed{};            ///< 1 = as it was recorded
};

/// Suspends the idle check for `pause`, or ends a suspension and restarts the idle clock. Refused with not_found,
/// not_published.
struct idle_check_request {
  using answer = outcome<completed>;
  static constexpr auto to = receiver::supervisor;

  stream_key key;
  std::optional<net::duration> pause;  ///< none = resume
};

/// Answered by the stream itself, where one that receives is meant, and where one is that comes from a source. Who else
/// is meant is refused with shared_port or not_found, if stream_commands does not know better.
using asked_of_receivers = messages<update_ssrc_request, connect_request>;
using asked_of_sources = messages<playback_request>;

}  // namespace berth::actors
