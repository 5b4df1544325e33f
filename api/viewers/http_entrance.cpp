#include "api/viewers/http_entrance.hpp"

#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>

#include "api/core/error_table.hpp"
#include "api/http/auth.hpp"
#include "api/http/reply_head.hpp"
#include "api/text/name.hpp"
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

/// Who is asked for only once in a while: a player with what it says of itself, and for files, which do not carry that,
/// its address.
std::string player_of(const actors::viewer& who) { return who.peer.address_string() + "?" + who.params; }
std::string address_of(const actors::viewer& who) { return who.peer.address_string(); }

}  // namespace

reply http_entrance::serve(const http_request& request) const {
  const auto path = parse_viewer_path(request.path);
  if (!path) co_return missing(request);
  for (const auto& name : {path->app, path->stream})
    if (const auto why = why_no_name(name)) co_return refusal(400, "a name in the path " + *why);
  switch (path->what) {
    case viewer_path::kind::unknown:
      co_return refusal(404, "'" + path->file + "' is not a container that is served: " + live_suffixes());
    case viewer_path::kind::playlist:
      co_return co_await playlist(request, *path);
    case viewer_path::kind::segment:
      co_return co_await segment(request, *path);
    default:
      co_return co_await live(request, *path);
  }
}

// vhost is not looked at: a name in a URL is one of the default host.
actors::viewer http_entrance::viewer_of(const http_request& request, const viewer_path& path) const {
  viewer_entrance::client c;
  c.key.app = path.app;
  c.key.stream = path.stream;
  c.protocol = path.what == viewer_path::kind::live && asks_for_websocket(request) ? "ws" : "http";
  c.as = path.what == viewer_path::kind::live ? net::facts_of(path.as).as : net::schema::hls;
  c.peer = client_address(request);
  c.local = request.local;
  c.params = request.raw_query();
  return in_.announce(std::move(c));
}

// ---- without an end -----------------------------------------------------------------------------------------------

reply http_entrance::live(const http_request& request, const viewer_path& path) const {
  const auto who = viewer_of(request, path);
  const auto found = co_await in_.admit(who);
  if (!found) co_return refusal(found.error(), request);
  auto& viewers = in_.viewers();
  if (auto refused = refuse_codecs(*found, path.as, viewers.settings().enhanced_flv)) co_return std::move(*refused);
  auto reserved = in_.seat(who, *found, path.as);
  if (!reserved) co_return refusal(reserved.error(), request);

  http_reply r;
  const auto order = std::make_shared<viewer_order>(std::move(*reserved));
  if (who.protocol == "ws") {
    r.status = 101;
    r.take = [&viewers, order, &request](taken_connection taken) {
      viewers.serve_websocket(std::move(*order), std::move(taken), request);
    };
    co_return r;
  }
  r.content_type = net::facts_of(path.as).media_type;
  r.headers.emplace_back("Cache-Control", "no-store");
  r.take = [](taken_connection) {};  // so that the head announces no length
  const bool chunked = request.http_minor >= 1;
  auto head = reply_head(request, r, false, chunked, net::wall_clock::now());
  r.take = [&viewers, order, head = std::move(head), chunked](taken_connection taken) {
    viewers.serve_http(std::move(*order), std::move(taken), head, chunked);
  };
  co_return r;
}

// ---- HLS ----------------------------------------------------------------------------------------------------------

// A player asks every few seconds. Whether it may is asked of the core at its first request, and again when it comes
// back after a while.
reply http_entrance::playlist(const http_request& request, const viewer_path& path) const {
  const auto who = viewer_of(request, path);
  auto session = in_.viewers().hls().find(who.key, path.as);
  if (!session || !session->admits(player_of(who), net::clock::now())) {
    const auto found = co_await in_.admit(who);
    if (!found) co_return refusal(found.error(), request);
    if (auto refused = refuse_codecs(*found, path.as, false)) co_return std::move(*refused);
    session = in_.viewers().open_hls(who.key, *found, path.as);
    if (!session) co_return refusal(503, "the server is going down");
    session->admit(player_of(who), net::clock::now());
    session->admit(address_of(who), net::clock::now());
  }
  if (!session->asked(in_.viewers().viewers(), who, in_.left(), net::clock::now()))
    co_return refusal(in_.full(), request);
  const bool ready = co_await session->wait_for_segment(in_.viewers().settings().stream_wait);
  if (!ready) co_return missing(request);
  http_reply r;
  r.content_type = "application/vnd.apple.mpegurl";
  r.headers.emplace_back("Cache-Control", "no-store");
  r.body = session->playlist();
  co_return r;
}

// Names of files are never used twice, so a file may be kept by the player's cache.
reply http_entrance::segment(const http_request& request, const viewer_path& path) const {
  const auto who = viewer_of(request, path);
  const auto session = in_.viewers().hls().find(who.key, path.as);
  if (!session || session->name() != path.session) co_return missing(request);
  if (!session->admits(address_of(who), net::clock::now())) {
    const auto found = co_await in_.admit(who);
    if (!found) co_return refusal(found.error(), request);
    session->admit(address_of(who), net::clock::now());
  }
  if (!session->asked(in_.viewers().viewers(), who, in_.left(), net::clock::now()))
    co_return refusal(in_.full(), request);
  const auto file = session->file(path.file, who.peer);
  if (!file) co_return missing(request);
  http_reply r;
  r.content_type = net::facts_of(path.as).media_type;
  r.headers.emplace_back("Cache-Control", "private, max-age=60");
  r.body.assign(file->bytes.begin(), file->bytes.end());
  co_return r;
}

}  // namespace berth::api
