// How the load connects.
#pragma once

#include "net/base/endpoint.hpp"
#include "net/base/unique_fd.hpp"

namespace berth::bench {

/// A connected socket, blocking; throws if nobody answers there.
net::unique_fd tcp_connection(const net::endpoint& to);

}  // namespace berth::bench
