// Host names that clients give.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "net/base/endpoint.hpp"
#include "net/base/result.hpp"

namespace berth::api {

/// The first address of a host, or the host itself if it is one. Else a sentence why there is none; `name` is the
/// argument that it begins with.
boost::asio::awaitable<net::result<net::endpoint, std::string>> resolve(std::string name, std::string host,
                                                                        std::uint16_t port);

}  // namespace berth::api
