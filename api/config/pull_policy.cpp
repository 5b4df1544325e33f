#include "api/config/pull_policy.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "api/config/config_value.hpp"
#include "api/text/text.hpp"
#include "api/text/url.hpp"

namespace berth::api {
namespace {

bool belongs_to_a_name(std::string_view scheme) { return scheme == "https" || scheme == "rtsps" || scheme == "rtmps"; }

std::string bracketed(const std::string& address) {
  return address.find(':') == address.npos ? address : "[" + address + "]";
}

net::admitted_url rewrite(const url_parts& u, const std::string& scheme, const net::endpoint& to) {
  const auto port = u.port.empty() ? std::string{} : ":" + std::string{u.port};
  const std::string user{u.user}, rest{u.rest}, name = bracketed(std::string{u.host}) + port;
  if (belongs_to_a_name(scheme)) return {scheme + "://" + user + name + rest};
  return {scheme + "://" + user + bracketed(to.address_string()) + port + rest, scheme == "http" ? name : ""};
}

}  // namespace

std::vector<net::endpoint> look_up(const std::string& host) {
  boost::asio::io_context io;
  boost::asio::ip::tcp::resolver resolver{io};
  boost::system::error_code failed;
  std::vector<net::endpoint> found;
  for (const auto& entry : resolver.resolve(host, "", failed))
    if (const auto e = net::endpoint::parse(entry.endpoint().address().to_string(), 0)) found.push_back(*e);
  return found;
}

net::url_policy make_pull_policy(std::function<std::shared_ptr<const config>()> settings, name_lookup lookup) {
  return [settings = std::move(settings),
          lookup = std::move(lookup)](const std::string& url) -> net::result<net::admitted_url, std::string> {
    const auto u = split_url(url);
    if (!u) return net::failure{u.error()};
    const auto c = settings();
    const auto scheme = to_lower(u->scheme);
    if (!lists(c->get_text("pull.schemes"), ',', scheme))
      return net::failure{"the scheme '" + scheme + "' is not one of pull.schemes: " + c->get_text("pull.schemes")};
    const std::string host{u->host};
    const auto numeric = net::endpoint::parse(host, 0);
    const auto addresses = numeric ? std::vector{*numeric} : lookup(host);
    if (addresses.empty()) return net::failure{"'" + host + "' could not be resolved"};
    const auto allowed = c->get_ip_ranges("pull.allow_ip_range"), denied = c->get_ip_ranges("pull.deny_ip_range");
    const auto is_fine = [&](const net::endpoint& a) {
      return allowed.contains(a) && (denied.empty() || !denied.contains(a));
    };
    // A name that leads to one bad address among good ones is up to something.
    const auto bad = std::find_if_not(addresses.begin(), addresses.end(), is_fine);
    if (bad != addresses.end())
      return net::failure{"'" + host + "' is at " + bad->address_string() +
                          ", which pull.allow_ip_range and pull.deny_ip_range do not permit"};
    return rewrite(*u, scheme, addresses.front());
  };
}

}  // namespace berth::api
