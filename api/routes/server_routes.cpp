#include "api/routes/server_routes.hpp"

#include <boost/asio/use_awaitable.hpp>

#include "api/config/reachability.hpp"
#include "api/core/error_table.hpp"
#include "api/http/json.hpp"
#include "api/http/run_on.hpp"
#include "api/routes/zlm_calls.hpp"
#include "api/text/version.hpp"

namespace berth::api {
namespace {

namespace asio = boost::asio;
using reply = asio::awaitable<http_reply>;

class server_face {
 public:
  using needs = server_needs;
  explicit server_face(const needs& with) : with_(with) {}

  reply get_config(const arguments&) const {
    boost::json::object all;
    for (const auto& [key, text] : with_.config.current()->all())
      if (key != "hook.secret") all[key] = text;
    co_return zlm_reply({{"data", boost::json::array{std::move(all)}}});
  }

  reply set_config(const arguments& args) const {
    std::map<std::string, std::string> values;
    for (const auto& [name, value] : args.all())
      if (!equal_ignoring_case(name, "secret")) values[name] = value;
    // The change is on disk before it is answered; the disk's time is not that of who answers.
    const auto caller = client_address(args.request());
    const auto change = [&] {
      return with_.config.set(values, "API", [&](const config& before, const config& next) {
        return out_of_reach(before, next, caller, with_.sockets);
      });
    };
    const auto done = co_await run_on(with_.disk, change);
    if (!done) {
      std::string text;
      for (const auto& e : done.error()) text += (text.empty() ? "" : "; ") + e.key + ": " + e.text;
      co_return zlm_error(-300, text);
    }
    boost::json::object o{{"changed", done->changed.size()}};
    if (!done->after_restart.empty()) o["after_restart"] = boost::json::value_from(done->after_restart);
    if (!done->pinned.empty()) o["pinned"] = boost::json::value_from(done->pinned);
    if (done->unknown != 0) o["unknown"] = done->unknown;
    co_return zlm_reply(o);
  }

  reply get_api_list(const arguments&) const {
    co_return zlm_reply({{"data", boost::json::value_from(with_.paths())}});
  }

  reply version(const arguments&) const {
    co_return zlm_reply(
        {{"data", boost::json::object{{"branchName", "berth"}, {"buildTime", ""}, {"commitHash", version_text()}}}});
  }

  reply get_statistic(const arguments&) const {
    const auto stats = co_await with_.core.ask(actors::stats_request{});
    if (!stats) co_return zlm_rejection(stats.error());
    co_return zlm_reply({{"data", statistic(*stats)}});
  }

  reply threads_load(const arguments&) const { co_return zlm_reply({{"data", with_.reactor_loads()}}); }
  reply work_threads_load(const arguments&) const { co_return zlm_reply({{"data", with_.worker_loads()}}); }

  reply restart(const arguments&) const {
    with_.restart();
    co_return zlm_reply({{"msg", "MediaServer will reboot in on 1 second"}});
  }

  const needs with_;
};

}  // namespace

boost::json::object statistic(const actors::node_stats& stats) {
  const auto count = [&](actors::stream_state s) { return stats.streams[static_cast<std::size_t>(s)]; };
  const auto live = count(actors::stream_state::active) + count(actors::stream_state::stalled);
  const auto udp = 2 * (stats.ports.leased + stats.ports.resting + stats.ports.outside);
  boost::json::object o;
  // ZLMediaKit counts its objects by class; what Berth has no such thing of is 0.
  for (const auto* name : {"Buffer", "BufferLikeString", "BufferList", "BufferRaw", "Frame", "FrameImp", "RtmpPacket",
                           "RtpPacket", "TcpClient", "TcpServer", "UdpSession"})
    o[name] = 0;
  o["MediaSource"] = live;
  o["MultiMediaSourceMuxer"] = live;
  o["UdpServer"] = udp;
  o["TcpSession"] = stats.totals.tcp_connections;
  o["Socket"] = udp;
  return o;
}

void add_server_routes(router& to, const server_needs& with) {
  using f = server_face;
  zlm_calls<f> calls{to, ",", with};
  calls.add("getServerConfig", {}, &f::get_config);
  calls.add("setServerConfig", {}, &f::set_config);
  calls.add("getApiList", {}, &f::get_api_list);
  calls.add("version", {}, &f::version);
  calls.add("getStatistic", {}, &f::get_statistic);
  calls.add("getThreadsLoad", {}, &f::threads_load);
  calls.add("getWorkThreadsLoad", {}, &f::work_threads_load);
  calls.add("restartServer", {}, &f::restart);
}

}  // namespace berth::api
