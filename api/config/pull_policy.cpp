#include "api/config/pull_policy.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "api/config/config_value.hpp"
#include "api/text/text.hpp"

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

net::result<url_parts, std::string> split_url(std::string_view url) {
  const auto wrong = [](std::string_view why) { return net::failure{"the URL " + std::string{why}}; };
  if (std::any_of(url.begin(), url.end(), [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; }))
    return wrong("has a blank or a control character in it");
  const auto colon = url.find("://");
  if (colon == url.npos || colon == 0) return wrong("has no scheme, as rtsp://");
  url_parts u;
  u.scheme = url.substr(0, colon);
  const auto begin = colon + 3;
  const auto end = std::min(url.find_first_of("/?#", begin), url.size());
  auto authority = url.substr(begin, end - begin);
  u.rest = url.substr(end);
  if (const auto at = authority.rfind('@'); at != authority.npos) {
    u.user = authority.substr(0, at + 1);
    authority.remove_prefix(at + 1);
  }
  const bool numeric6 = authority.starts_with('[');
  const auto host_end = numeric6 ? authority.find(']') : authority.find(':');
  if (numeric6 && host_end == authority.npos) return wrong("has a '[' without its ']'");
  u.host = numeric6 ? authority.substr(1, host_end - 1) : authority.substr(0, host_end);
  const auto behind = numeric6 ? authority.substr(host_end + 1) : authority.substr(u.host.size());
  if (!behind.empty()) {
    u.port = behind.substr(1);
    const bool digits = u.port.find_first_not_of("0123456789") == u.port.npos && u.port.size() <= 5;
    if (behind[0] != ':' || u.port.empty() || !digits || std::stoi(std::string{u.port}) > 65535)
      return wrong("has a port that is not in 0..65535");
  }
  if (u.host.empty()) return wrong("names no host");
  return u;
}

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
