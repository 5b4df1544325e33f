// A request to send a stream on, from text, with the same names and rules on both faces of the API.
#pragma once

#include <string>

#include "actors/contract/sending.hpp"
#include "api/http/arguments.hpp"

namespace berth::api {

/// Reads what startSendRtp and its kin take: ssrc, src_port, pt, type or use_ps, only_audio, ssrc_multi_send,
/// udp_rtcp_timeout, recv_stream_id, close_delay_ms. The key, the way and where to are the caller's. The error names the
/// field, its value and the permitted range.
net::result<actors::send_request, std::string> read_send_arguments(const arguments& args);

}  // namespace berth::api
