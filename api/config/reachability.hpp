// Changes of the configuration that would put the node out of its operator's reach.
#pragma once

#include "api/config/config.hpp"
#include "net/base/endpoint.hpp"
#include "net/io/socket_factory.hpp"

namespace berth::api {

/// What speaks against a change, each complaint under its key; empty = nothing. `caller` is who asks for it. Looks at
/// the machine's addresses and ports by binding them for a moment: what could not be bound now would keep the node from
/// its next start.
config_errors out_of_reach(const config& before, const config& next, const net::endpoint& caller,
                           net::socket_factory& sockets);

}  // namespace berth::api
