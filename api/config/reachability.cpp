#include "api/config/reachability.hpp"

namespace berth::api {
namespace {

std::uint16_t port(const config& c, std::string_view key) { return static_cast<std::uint16_t>(c.get_int(key)); }

}  // namespace

config_errors out_of_reach(const config& before, const config& next, const net::endpoint& caller,
                           net::socket_factory& sockets) {
  config_errors complaints;
  const auto complain = [&](std::string_view key, std::string why) {
    complaints.push_back({std::string{key}, std::move(why), {}});
  };
  if (!next.get_ip_ranges("http.allow_ip_range").contains(caller))
    complain("http.allow_ip_range", "would shut out " + caller.address_string() + ", which asks for it");

  const auto& ip = next.get_text("general.listen_ip");
  const auto cannot_listen = [&](std::uint16_t at) -> std::optional<std::string> {
    const auto local = net::endpoint::parse(ip, at);
    if (!local) return "'" + ip + "' is no address";
    const auto made = sockets.listen_tcp(*local);
    return made ? std::nullopt : std::optional{made.error().text};
  };
  if (ip != before.get_text("general.listen_ip"))
    if (const auto why = cannot_listen(0)) complain("general.listen_ip", "the node could not start again: " + *why);
  for (const auto* key : {"http.port", "rtsp.port"}) {
    const auto wanted = port(next, key);
    // The ports that it has itself are free at the next start.
    const bool own = wanted == port(before, "http.port") || wanted == port(before, "rtsp.port");
    if (wanted == 0 || own) continue;
    if (const auto why = cannot_listen(wanted)) complain(key, "the node could not start again: " + *why);
  }
  return complaints;
}

}  // namespace berth::api
