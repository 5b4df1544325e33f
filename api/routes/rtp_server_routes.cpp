#include "api/routes/rtp_server_routes.hpp"

#include <array>
#include <boost/asio/use_awaitable.hpp>

#include "api/core/error_table.hpp"
#include "api/core/status_json.hpp"
#include "api/http/json.hpp"
#include "api/http/resolve.hpp"
#include "api/routes/open_arguments.hpp"
#include "api/routes/zlm_calls.hpp"
#include "api/text/json_text.hpp"

namespace berth::api {
namespace {

namespace asio = boost::asio;
using reply = asio::awaitable<http_reply>;

constexpr auto connect_timeout = std::chrono::seconds{5};
constexpr std::uint32_t default_pause_sec = 300;

class rtp_server_face {
 public:
  using needs = rtp_server_needs;
  explicit rtp_server_face(const needs& with) : with_(with) {}

  reply open(const arguments& args) const { return open_as(args, false); }
  reply open_multiplex(const arguments& args) const { return open_as(args, true); }

  reply close(const arguments& args) const {
    actors::close_request wanted{key_of(args), std::nullopt, false};
    const auto answer = co_await with_.core.ask(std::move(wanted));
    if (!answer && answer.error().code != actors::errc::not_found) co_return zlm_rejection(answer.error());
    co_return zlm_reply({{"hit", answer ? 1 : 0}});
  }

  reply query(const arguments& args) const {
    actors::query_request wanted{key_of(args)};
    const auto answer = co_await with_.core.ask(std::move(wanted));
    if (!answer) {
      if (answer.error().code != actors::errc::not_found) co_return zlm_rejection(answer.error());
      co_return zlm_reply({{"exist", false}});
    }
    const auto& found = **answer;
    // A stream that the node fetches is no RTP server, and has no port to tell.
    if (found.origin != actors::stream_origin::rtp) co_return zlm_reply({{"exist", false}});
    const bool exists = found.state != actors::stream_state::listening;
    boost::json::monotonic_resource memory;
    boost::json::object o(&memory);
    o["exist"] = exists;
    if (exists) {
      o["identifier"] = found.key.stream;
      o["local_ip"] = found.local.address_string();
      o["local_port"] = found.port();
      o["peer_ip"] = found.peer.address_string();
      o["peer_port"] = found.peer.port();
    }
    add_counters(o, found);
    co_return zlm_reply(o);
  }

  reply list(const arguments&) const {
    actors::list_request all;
    const auto answer = co_await with_.core.list(std::move(all));
    if (!answer) co_return zlm_rejection(answer.error());
    std::string elements;
    elements.reserve(answer->streams.size() * 768);
    std::array<unsigned char, 8192> room;  // for one of them: it stays in the processor's cache
    for (const auto& s : answer->streams) {
      // What a shared port feeds, or the node fetches, is a stream, but no server of its own.
      if (s.parent_port != 0 || s.origin != actors::stream_origin::rtp) continue;
      boost::json::monotonic_resource memory{room.data(), room.size()};
      boost::json::object o({{"vhost", s.key.vhost.str()},
                             {"app", s.key.app},
                             {"stream_id", s.key.stream},
                             {"ssrc", s.ssrc_filter},
                             {"tcp_mode", static_cast<int>(s.mode)},
                             {"only_track", static_cast<int>(s.only_track)}},
                            &memory);
      add_counters(o, s);
      if (!elements.empty()) elements += ',';
      elements += json_text(o);
    }
    co_return zlm_list(elements);
  }

  reply update_ssrc(const arguments& args) const {
    const auto ssrc = args.ssrc("ssrc");
    if (!ssrc) co_return zlm_error(bad_arguments, ssrc.error());
    actors::update_ssrc_request wanted{key_of(args), *ssrc};
    const auto answer = co_await with_.core.ask(std::move(wanted));
    if (!answer) co_return not_found_or(answer.error(), -500, "RtpServer not found by stream_id");
    co_return zlm_reply();
  }

  reply connect(const arguments& args) const {
    const auto port = args.port("dst_port");
    if (!port) co_return zlm_error(bad_arguments, port.error());
    if (*port == 0) co_return zlm_error(bad_arguments, "dst_port: 0 is not in 1..65535");
    std::string argument{"dst_url"}, host{args.text("dst_url")};
    const auto remote = co_await resolve(std::move(argument), std::move(host), *port);
    if (!remote) co_return zlm_error(-1, remote.error());
    actors::connect_request wanted{key_of(args), *remote, connect_timeout};
    const auto answer = co_await with_.core.ask(std::move(wanted));
    if (!answer) co_return not_found_or(answer.error(), -1, "can not find the stream");
    co_return zlm_reply();
  }

  reply pause_check(const arguments& args) const {
    const auto seconds = args.uint32("pause_seconds", default_pause_sec);
    if (!seconds) co_return zlm_error(bad_arguments, seconds.error());
    const auto pause = std::chrono::seconds{*seconds == 0 ? default_pause_sec : *seconds};
    actors::idle_check_request wanted{key_of(args), pause};
    const auto answer = co_await with_.core.ask(std::move(wanted));
    co_return answer ? zlm_reply() : zlm_rejection(answer.error(), "can not find the stream");
  }

  reply resume_check(const arguments& args) const {
    actors::idle_check_request wanted{key_of(args), std::nullopt};
    const auto answer = co_await with_.core.ask(std::move(wanted));
    co_return answer ? zlm_reply() : zlm_rejection(answer.error(), "can not find the stream");
  }

 private:
  actors::stream_key key_of(const arguments& args) const { return key_in(args, *with_.config.current(), "stream_id"); }

  static http_reply not_found_or(const actors::rejection& why, int code, std::string_view text) {
    return why.code == actors::errc::not_found ? zlm_error(code, text) : zlm_rejection(why);
  }

  reply open_as(const arguments& args, bool multiplex) const {
    const auto asked = net::clock::now();
    auto request = read_open_arguments(args, multiplex);
    if (!request) co_return zlm_error(bad_arguments, request.error());
    request->key = key_of(args);
    request->asked = asked;
    const auto answer = co_await with_.core.ask(std::move(*request));
    if (!answer)
      co_return zlm_rejection(answer.error(), answer.error().code == actors::errc::stream_live
                                                  ? "This stream already exists"
                                                  : std::string_view{});
    boost::json::object o;
    add_state(o, *answer->stream);
    co_return zlm_reply(o);
  }

  const needs with_;
};

}  // namespace

void add_rtp_server_routes(router& to, const rtp_server_needs& with) {
  using f = rtp_server_face;
  zlm_calls<f> calls{to, ", ", with};
  calls.add("openRtpServer", {"port", "stream_id"}, &f::open);
  calls.add("openRtpServerMultiplex", {"port", "stream_id"}, &f::open_multiplex);
  calls.add("closeRtpServer", {"stream_id"}, &f::close);
  calls.add("getRtpInfo", {"stream_id"}, &f::query);
  calls.add_aside(with.texts, "listRtpServer", {}, &f::list);
  calls.add("updateRtpServerSSRC", {"stream_id", "ssrc"}, &f::update_ssrc);
  calls.add("connectRtpServer", {"stream_id", "dst_url", "dst_port"}, &f::connect);
  calls.add("pauseRtpCheck", {"stream_id"}, &f::pause_check);
  calls.add("resumeRtpCheck", {"stream_id"}, &f::resume_check);
}

}  // namespace berth::api
