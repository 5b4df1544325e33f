// An open request from text, with the same names and rules on both faces of the API.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "actors/contract/opening.hpp"
#include "api/config/config.hpp"
#include "api/http/arguments.hpp"

namespace berth::api {

/// Which name in the request can not be one, and why, as a text for the client.
std::optional<std::string> bad_name(const arguments& args);

/// The key that a request names. Empty parts are the defaults; without general.enableVhost there is one virtual host.
actors::stream_key stream_key_of(std::string_view vhost, std::string_view app, std::string_view stream,
                                 const config& settings);
/// The key in a call's arguments vhost, app, and the one that holds the stream's id.
actors::stream_key key_in(const arguments& args, const config& settings, std::string_view id = "stream");

/// How long the node waits for another server: as the client says, but no longer than the operator allows. 0 = it does
/// not say.
net::duration source_timeout(const config& settings, std::int64_t wanted_seconds);

/// Reads what openRtpServer takes: port, tcp_mode, enable_tcp, only_track, only_audio, local_ip, re_use_port, ssrc,
/// on_conflict, timeout_sec, source_policy. The key and `asked` are the caller's. `multiplex`: for a shared port, which
/// has no SSRC filter and makes no connections. The error names the field, its value and the permitted range.
net::result<actors::open_request, std::string> read_open_arguments(const arguments& args, bool multiplex);

}  // namespace berth::api
