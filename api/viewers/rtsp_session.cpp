#include "api/viewers/rtsp_session.hpp"

#include <array>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "api/core/error_table.hpp"
#include "api/text/name.hpp"
#include "net/egress/rtp_muxer.hpp"
#include "net/egress/sdp.hpp"
#include "net/io/socket_factory.hpp"

namespace berth::api {
namespace {

using boost::asio::awaitable;

constexpr auto handshake_time = std::chrono::seconds{15};
constexpr int pairs_to_try = 16;
constexpr net::udp_options report_socket{.receive_buffer = 64 * 1024, .media = false};

// An even port and the one behind it, of the system's choice: those of the pool are for streams that come in.
std::optional<rtsp_ports> take_ports(const net::endpoint& local) {
  net::posix_socket_factory sockets;
  for (int i = 0; i < pairs_to_try; ++i) {
    auto rtp = sockets.bind_udp(local.with_port(0), report_socket);
    if (!rtp) return std::nullopt;
    const auto port = net::local_endpoint(rtp->get()).port();
    if (port % 2 != 0) continue;
    auto rtcp = sockets.bind_udp(local.with_port(static_cast<std::uint16_t>(port + 1)), report_socket);
    if (rtcp) return rtsp_ports{std::move(*rtp), std::move(*rtcp), port};
  }
  return std::nullopt;
}

// g++ 12 destroys what a list in braces holds twice when the list stands in a coroutine: replies with headers are made
// outside of them.
std::string methods_reply(const rtsp_request& to) {
  return rtsp_reply(to, 200, {{"Public", std::string{rtsp_methods}}});
}
std::string refusal(const rtsp_request& to, const actors::rejection& why) {
  return rtsp_reply(to, answer_for(why.code).http_status, {{"X-Reason", why.text}});
}
std::string description(const rtsp_request& to, const std::vector<net::track_ptr>& tracks, const std::string& name) {
  const auto base = to.url + (to.url.ends_with('/') ? "" : "/");
  return rtsp_reply(to, 200, {{"Content-Type", "application/sdp"}, {"Content-Base", base}},
                    net::describe_session(tracks, name));
}
std::string set_up_reply(const rtsp_request& to, const std::string& transport, const std::string& session) {
  return rtsp_reply(to, 200, {{"Transport", transport}, {"Session", session + ";timeout=60"}});
}
std::string plain_reply(const rtsp_request& to, unsigned status) { return rtsp_reply(to, status); }

std::string refused_name(const rtsp_request& to, const std::string& why) {
  return rtsp_reply(to, 400, {{"X-Reason", "a name in the URL " + why}});
}

std::string range_text(unsigned first) { return std::to_string(first) + "-" + std::to_string(first + 1); }

}  // namespace

rtsp_session::rtsp_session(std::shared_ptr<byte_stream> stream, const net::endpoint& peer, const net::endpoint& local,
                           const rtsp_service& service, tcp_service::place_function take_place)
    : stream_(std::move(stream)),
      peer_(peer),
      local_(local),
      service_(service),
      take_place_(std::move(take_place)),
      who_(service.in.announce({{}, "rtsp", net::schema::rtsp, peer, local, {}})) {}

awaitable<void> rtsp_session::turn_away() {
  stream_->expires_after(handshake_time);
  const auto reply = plain_reply(rtsp_request{}, 503);
  co_await write(reply);
  stream_->close();
}

awaitable<bool> rtsp_session::write(std::string_view text) {
  const std::array<std::string_view, 1> parts{text};
  const auto error = co_await stream_->write(parts);
  co_return !error;
}

awaitable<void> rtsp_session::run() {
  std::array<char, 4096> room;
  for (;;) {
    rtsp_request request;
    const auto input = take_rtsp(unread_, request);
    if (input == rtsp_input::broken) {
      const auto reply = plain_reply(request, 400);
      co_await write(reply);
      break;
    }
    if (input == rtsp_input::interleaved) continue;
    if (input == rtsp_input::incomplete) {
      stream_->expires_after(handshake_time);
      const auto got = co_await stream_->read_some(room);
      if (got.error) break;
      unread_.append(room.data(), got.bytes);
      continue;
    }
    // A player may wait for a stream for as long as the configuration lets it.
    stream_->expires_never();
    const auto reply = co_await answer(request);
    if (order_ && give_away()) co_return;
    stream_->expires_after(handshake_time);
    const bool written = co_await write(reply);
    if (!written || request.method == "TEARDOWN") break;
  }
  stream_->close();
}

awaitable<std::string> rtsp_session::answer(const rtsp_request& request) {
  if (request.method == "OPTIONS") co_return methods_reply(request);
  if (request.method == "DESCRIBE") co_return co_await describe(request);
  if (request.method == "SETUP") co_return co_await set_up(request);
  if (request.method == "PLAY") co_return play(request);
  if (request.method == "GET_PARAMETER" || request.method == "SET_PARAMETER" || request.method == "TEARDOWN")
    co_return plain_reply(request, 200);
  co_return plain_reply(request, request.method == "PAUSE" ? 455 : 501);
}

awaitable<std::optional<std::string>> rtsp_session::let_in(const rtsp_request& request) {
  const auto target = parse_rtsp_url(request.url);
  if (!target) co_return plain_reply(request, 404);
  if (watched_) {
    if (who_.key.app == target->app && who_.key.stream == target->stream) co_return std::nullopt;
    co_return plain_reply(request, 455);
  }
  for (const auto& name : {target->app, target->stream})
    if (const auto why = why_no_name(name)) co_return refused_name(request, *why);
  who_.key.app = target->app;
  who_.key.stream = target->stream;
  who_.params = target->query;
  auto found = co_await service_.in.admit(who_);
  if (!found) {
    auto reply = refusal(request, found.error());
    co_return reply;
  }
  tracks_ = net::rtp_muxer::carried(found->media->tracks());
  if (tracks_.empty()) co_return plain_reply(request, 415);
  watched_ = std::move(*found);
  co_return std::nullopt;
}

awaitable<std::string> rtsp_session::describe(const rtsp_request& request) {
  auto refused = co_await let_in(request);
  if (refused) co_return std::move(*refused);
  co_return description(request, tracks_, who_.key.stream);
}

awaitable<std::string> rtsp_session::set_up(const rtsp_request& request) {
  auto refused = co_await let_in(request);
  if (refused) co_return std::move(*refused);
  const auto track = parse_rtsp_url(request.url)->track.value_or(0);
  if (track >= tracks_.size()) co_return plain_reply(request, 404);
  const auto wanted = parse_rtsp_transport(request.header("Transport"));
  if (!wanted || (delivery_.any() && delivery_.over_tcp() != wanted->tcp)) co_return plain_reply(request, 461);
  const auto transport = transport_of(*wanted, track);
  if (transport.empty()) co_return plain_reply(request, 453);
  co_return set_up_reply(request, transport, who_.id);
}

std::string rtsp_session::transport_of(const rtsp_transport& wanted, std::size_t track) {
  auto& place = delivery_.tracks[track];
  if (wanted.tcp) {
    place = rtsp_delivery::to_channel{wanted.chosen ? wanted.channel : static_cast<std::uint8_t>(2 * track)};
    return "RTP/AVP/TCP;unicast;interleaved=" + range_text(std::get<rtsp_delivery::to_channel>(*place).channel);
  }
  if (!delivery_.ports) delivery_.ports = take_ports(local_);
  if (!delivery_.ports) return {};
  place = rtsp_delivery::to_ports{peer_.with_port(wanted.rtp_port), peer_.with_port(wanted.rtcp_port)};
  return "RTP/AVP;unicast;client_port=" + std::to_string(wanted.rtp_port) + "-" + std::to_string(wanted.rtcp_port) +
         ";server_port=" + range_text(delivery_.ports->first);
}

std::string rtsp_session::play(const rtsp_request& request) {
  if (!watched_ || !delivery_.any()) return rtsp_reply(request, 455);
  auto order = service_.in.seat(who_, *watched_, net::container::rtp);
  if (!order) return rtsp_reply(request, 453, {{"X-Reason", order.error().text}});
  order_ = std::move(*order);
  play_reply_ = rtsp_reply(request, 200, {{"Session", who_.id}, {"Range", "npt=now-"}});
  return play_reply_;
}

// The reply goes with the connection: media follows right behind it.
bool rtsp_session::give_away() {
  auto socket = stream_->release();
  if (!socket) {
    order_.reset();
    return false;
  }
  taken_connection taken{std::move(*socket), peer_, local_, std::move(unread_), take_place_ ? take_place_() : nullptr};
  service_.in.viewers().serve_rtsp(std::move(*order_), std::move(taken), std::move(delivery_), std::move(play_reply_));
  return true;
}

tcp_service rtsp_sessions(rtsp_service service) {
  const auto shared = std::make_shared<const rtsp_service>(std::move(service));
  return {.name = "RTSP",
          .make =
              [shared](std::shared_ptr<byte_stream> stream, const net::endpoint& peer, const net::endpoint& local,
                       tcp_service::place_function take_place) {
                return std::make_shared<rtsp_session>(std::move(stream), peer, local, *shared, std::move(take_place));
              },
          .max_connections = shared->max_connections,
          .log = shared->log};
}

}  // namespace berth::api
