#include "api/http/resolve.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace berth::api {

namespace asio = boost::asio;

asio::awaitable<net::result<net::endpoint, std::string>> resolve(std::string name, std::string host,
                                                                 std::uint16_t port) {
  if (const auto numeric = net::endpoint::parse(host, port)) co_return *numeric;
  asio::ip::tcp::resolver resolver{co_await asio::this_coro::executor};
  boost::system::error_code failed;
  const auto service = std::to_string(port);
  auto token = asio::redirect_error(asio::use_awaitable, failed);
  const auto found = co_await resolver.async_resolve(host, service, token);
  if (failed || found.empty())
    co_return net::failure{name + ": '" + host + "' could not be resolved: " + failed.message()};
  const auto address = net::endpoint::parse(found.begin()->endpoint().address().to_string(), port);
  if (!address) co_return net::failure{name + ": '" + host + "' has no usable address"};
  co_return *address;
}

}  // namespace berth::api
