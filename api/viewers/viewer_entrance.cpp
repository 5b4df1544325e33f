#include "api/viewers/viewer_entrance.hpp"

#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>

#include "api/core/error_table.hpp"
#include "api/http/auth.hpp"
#include "api/http/reply_head.hpp"
#include "api/viewers/viewer_transports.hpp"

namespace berth::api {
namespace {

using reply = boost::asio::awaitable<http_reply>;

http_reply missing(const http_request& request) {
  http_reply r;
  r.status = 404;
  r.content_type = "text/html";
  r.body = request.settings->not_found;
  return r;
}

http_reply refusal(unsigned status, std::string why) {
  http_reply r;
  r.status = status;
  r.content_type = "text/plain";
  r.body = std::move(why) + "\n";
  return r;
}

http_reply refusal(const actors::rejection& why, const http_request& request) {
  if (why.code == actors::errc::not_found) return missing(request);
  return refusal(answer_for(why.code).http_status, why.text);
}

http_reply full(std::size_t most) {
  return refusal(503, std::to_string(most) + " viewers watch already, the most that are allowed");
}

// What can not be carried, if that leaves nothing to watch.
std::string uncarried(const std::vector<net::track_ptr>& tracks, net::container as, const net::muxer_options& options) {
  std::string names;
  for (const auto& t : tracks) {
    if (net::can_carry(as, t->format, options)) return {};
    names += (names.empty() ? "" : " and ") + std::string{net::to_string(t->format)};
  }
  return names;
}

std::optional<http_reply> refuse_codecs(const actors::watched& stream, net::container as, bool enhanced_flv) {
  const auto names = uncarried(stream.media->tracks(), as, {.enhanced_flv = enhanced_flv});
  if (names.empty()) return std::nullopt;
  return refusal(415, names + " can not be carried in " + std::string{net::to_string(as)});
}

net::schema schema_of(const viewer_path& path) noexcept {
  if (path.what != viewer_path::kind::live) return net::schema::hls;
  if (path.as == net::container::flv) return net::schema::rtmp;
  return path.as == net::container::ts ? net::schema::ts : net::schema::fmp4;
}

std::string_view live_type(net::container as) noexcept {
  if (as == net::container::flv) return "video/x-flv";
  return as == net::container::ts ? "video/mp2t" : "video/mp4";
}

std::string query_of(const http_request& request) {
  const auto question = request.target.find('?');
  return question == std::string::npos ? std::string{} : request.target.substr(question + 1);
}

/// Who is asked for only once in a while: a player with what it says of itself, and for files, which do not carry that,
/// its address.
std::string player_of(const actors::viewer& who) { return who.peer.address_string() + "?" + who.params; }
std::string address_of(const actors::viewer& who) { return who.peer.address_string(); }

}  // namespace

reply viewer_entrance::serve(const http_request& request) const {
  const auto path = parse_viewer_path(request.path);
  if (!path) co_return missing(request);
  switch (path->what) {
    case viewer_path::kind::unknown:
      co_return refusal(404, "'" + path->file + "' is not a container that is served: flv, mp4, ts");
    case viewer_path::kind::playlist:
      co_return co_await playlist(request, *path);
    case viewer_path::kind::segment:
      co_return co_await segment(request, *path);
    default:
      co_return co_await live(request, *path);
  }
}

// vhost is not looked at: a name in a URL is one of the default host.
actors::viewer viewer_entrance::viewer_of(const http_request& request, const viewer_path& path) const {
  actors::viewer who;
  who.key.app = path.app;
  who.key.stream = path.stream;
  who.id = d_.media.viewers().next_id();
  who.protocol = path.what == viewer_path::kind::live && asks_for_websocket(request) ? "ws" : "http";
  who.as = schema_of(path);
  who.peer = client_address(request);
  who.local = request.local;
  who.params = query_of(request);
  return who;
}

boost::asio::awaitable<viewer_entrance::admission> viewer_entrance::let_in(actors::viewer who) const {
  actors::watch_request wanted;
  wanted.who = std::move(who);
  wanted.wait = d_.media.settings().stream_wait;
  co_return co_await d_.watch(std::move(wanted));
}

// ---- without an end -----------------------------------------------------------------------------------------------

reply viewer_entrance::live(const http_request& request, const viewer_path& path) const {
  const auto who = viewer_of(request, path);
  const auto found = co_await let_in(who);
  if (!found) co_return refusal(found.error(), request);
  const auto settings = d_.media.settings();
  if (auto refused = refuse_codecs(*found, path.as, settings.enhanced_flv)) co_return std::move(*refused);
  auto reserved = d_.media.reserve(who, *found, path.as, d_.left);
  if (!reserved) co_return full(settings.max_viewers);

  http_reply r;
  const auto order = std::make_shared<viewer_order>(std::move(*reserved));
  if (who.protocol == "ws") {
    r.status = 101;
    r.take = [&media = d_.media, order, &request](taken_connection taken) {
      media.serve_websocket(std::move(*order), std::move(taken), request);
    };
    co_return r;
  }
  r.content_type = live_type(path.as);
  r.headers.emplace_back("Cache-Control", "no-store");
  r.take = [](taken_connection) {};  // so that the head announces no length
  const bool chunked = request.http_minor >= 1;
  auto head = reply_head(request, r, false, chunked, net::wall_clock::now());
  r.take = [&media = d_.media, order, head = std::move(head), chunked](taken_connection taken) {
    media.serve_http(std::move(*order), std::move(taken), head, chunked);
  };
  co_return r;
}

// ---- HLS ----------------------------------------------------------------------------------------------------------

// A player asks every few seconds. Whether it may is asked of the core at its first request, and again when it comes
// back after a while.
reply viewer_entrance::playlist(const http_request& request, const viewer_path& path) const {
  const auto who = viewer_of(request, path);
  auto session = d_.media.hls().find(who.key, path.as);
  if (!session || !session->admits(player_of(who), net::clock::now())) {
    const auto found = co_await let_in(who);
    if (!found) co_return refusal(found.error(), request);
    if (auto refused = refuse_codecs(*found, path.as, false)) co_return std::move(*refused);
    session = d_.media.open_hls(who.key, *found, path.as);
    if (!session) co_return refusal(503, "the server is going down");
    session->admit(player_of(who), net::clock::now());
    session->admit(address_of(who), net::clock::now());
  }
  const auto settings = d_.media.settings();
  if (!session->asked(d_.media.viewers(), who, d_.left, net::clock::now())) co_return full(settings.max_viewers);
  const bool ready = co_await session->wait_for_segment(settings.stream_wait);
  if (!ready) co_return missing(request);
  http_reply r;
  r.content_type = "application/vnd.apple.mpegurl";
  r.headers.emplace_back("Cache-Control", "no-store");
  r.body = session->playlist();
  co_return r;
}

// Names of files are never used twice, so a file may be kept by the player's cache.
reply viewer_entrance::segment(const http_request& request, const viewer_path& path) const {
  const auto who = viewer_of(request, path);
  const auto session = d_.media.hls().find(who.key, path.as);
  if (!session || session->name() != path.session) co_return missing(request);
  if (!session->admits(address_of(who), net::clock::now())) {
    const auto found = co_await let_in(who);
    if (!found) co_return refusal(found.error(), request);
    session->admit(address_of(who), net::clock::now());
  }
  if (!session->asked(d_.media.viewers(), who, d_.left, net::clock::now()))
    co_return full(d_.media.settings().max_viewers);
  const auto file = session->file(path.file);
  if (!file) co_return missing(request);
  http_reply r;
  r.content_type = path.as == net::container::ts ? "video/mp2t" : "video/mp4";
  r.headers.emplace_back("Cache-Control", "private, max-age=60");
  r.body.assign(file->bytes.begin(), file->bytes.end());
  co_return r;
}

}  // namespace berth::api
