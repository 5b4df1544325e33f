// Streams for viewers: /APP/STREAM.live.flv, .live.mp4 and .live.ts over HTTP.
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "api/live_reply.hpp"
#include "api/media_service.hpp"
#include "api/node.hpp"
#include "api/open_arguments.hpp"

namespace berth::api {
namespace {

namespace asio = boost::asio;
using reply = asio::awaitable<http_reply>;

constexpr std::size_t bytes_per_write = 1024 * 1024;

struct live_form {
  std::string_view suffix;
  net::container container;
  net::schema schema;
  std::string_view content_type;
};
constexpr std::array<live_form, 3> forms{{{".live.flv", net::container::flv, net::schema::rtmp, "video/x-flv"},
                                          {".live.mp4", net::container::fmp4, net::schema::fmp4, "video/mp4"},
                                          {".live.ts", net::container::ts, net::schema::ts, "video/mp2t"}}};

/// One viewer: writes what its packager has for it until either side ends. Runs on its session's strand.
class live_viewer : public std::enable_shared_from_this<live_viewer> {
 public:
  live_viewer(asio::any_io_executor strand, actors::watched stream, std::shared_ptr<net::packager> from)
      : strand_(strand), alarm_(strand), stream_(std::move(stream)), packager_(std::move(from)) {}

  /// False if there are too many of them.
  bool join(viewer_registry& registry, actors::viewer who, std::size_t most) {
    entry_ = registry.add(std::move(who), most, waker());
    return entry_ != nullptr;
  }

  asio::awaitable<void> run(event_writer& out, const core_client& core) {
    const auto self = shared_from_this();
    const auto place = stream_.media->join(waker());
    const auto as = entry_->who.as;
    stream_.media->viewer_came(as);
    out.on_close([weak = weak_from_this()] {
      if (const auto s = weak.lock()) s->wake();
    });
    while (out.is_open() && !entry_->kicked) {
      woken_ = false;
      place->rearm();
      const auto batch = packager_->read(at_, bytes_per_write);
      entry_->skipped += batch.skipped;
      if (!co_await write(out, batch)) break;
      if (batch.ended) break;
      if (batch.chunks.empty()) co_await pause();
    }
    out.on_close(nullptr);
    const auto now = net::clock::now();
    stream_.media->viewer_left(as, now);
    core.tell_viewer_left(entry_->who, {entry_->bytes, now - entry_->since});
    entry_.reset();
  }

 private:
  std::function<void()> waker() {
    return [weak = weak_from_this(), strand = strand_] {
      asio::post(strand, [weak] {
        if (const auto s = weak.lock()) s->wake();
      });
    };
  }

  asio::awaitable<bool> write(event_writer& out, const net::packager::batch& batch) {
    std::vector<std::string_view> parts;
    std::uint64_t bytes = 0;
    for (const auto& c : batch.chunks) {
      if (c->bytes.empty()) continue;
      parts.emplace_back(reinterpret_cast<const char*>(c->bytes.data()), c->bytes.size());
      bytes += c->bytes.size();
    }
    if (parts.empty()) co_return true;
    if (!co_await out.write(parts)) co_return false;
    entry_->bytes += bytes;
    co_return true;
  }

  asio::awaitable<void> pause() {
    if (woken_) co_return;
    alarm_.expires_at(asio::steady_timer::time_point::max());
    co_await alarm_.async_wait(asio::as_tuple(asio::use_awaitable));
  }

  void wake() {
    woken_ = true;
    alarm_.cancel();
  }

  asio::any_io_executor strand_;
  asio::steady_timer alarm_;
  actors::watched stream_;
  std::shared_ptr<net::packager> packager_;
  std::shared_ptr<viewer_registry::entry> entry_;
  net::packager::position at_;
  bool woken_ = false;
};

const live_form* form_of(std::string_view path) {
  for (const auto& f : forms)
    if (path.ends_with(f.suffix)) return &f;
  return nullptr;
}

// The codecs that this container can not carry, if that leaves nothing.
std::string uncarried(const std::vector<net::track_ptr>& tracks, net::container as, bool enhanced) {
  std::string names;
  for (const auto& t : tracks) {
    if (net::can_carry(as, t->format, {.enhanced_flv = enhanced})) return {};
    names += (names.empty() ? "" : " and ") + std::string{net::to_string(t->format)};
  }
  return names;
}

reply serve_live(const node& n, const http_request& request) {
  std::string_view path{request.path};
  const auto* form = form_of(path);
  if (form == nullptr) {
    const auto live = path.rfind(".live.");
    if (live == path.npos) co_return nothing_there(request);
    co_return refusal_text(
        404, "'" + std::string{path.substr(live + 6)} + "' is not a container that is served: flv, mp4, ts");
  }
  path.remove_suffix(form->suffix.size());
  path.remove_prefix(1);
  const auto slash = path.find('/');
  if (slash == path.npos || slash == 0 || slash + 1 == path.size()) co_return nothing_there(request);
  const auto settings = n.config.snapshot();
  actors::watch_request wanted;
  auto& who = wanted.who;
  who.key = stream_key_of("", path.substr(0, slash), path.substr(slash + 1), *settings);
  who.id = n.media.viewers().next_id();
  who.protocol = "http";
  who.as = form->schema;
  who.peer = request.peer;
  who.local = request.local;
  who.params = query_of(request);
  wanted.wait = settings->get_milliseconds("general.maxStreamWaitMS");
  auto described = who;
  const auto found = co_await n.core.watch(std::move(wanted));
  if (!found) co_return live_refusal(found.error(), request);

  const bool enhanced = settings->get_bool("rtmp.enhanced");
  if (const auto codecs = uncarried(found->media->tracks(), form->container, enhanced); !codecs.empty())
    co_return refusal_text(415, codecs + " can not be carried in " + std::string{net::to_string(form->container)});
  described.key = found->key;
  const auto strand = co_await asio::this_coro::executor;
  const auto viewer = std::make_shared<live_viewer>(
      strand, *found, n.media.packager_for(found->generation, found->media, form->container, enhanced));
  const auto most = static_cast<std::size_t>(settings->get_int("http.max_viewers"));
  if (!viewer->join(n.media.viewers(), std::move(described), most))
    co_return refusal_text(503, std::to_string(most) + " viewers watch already, the most that are allowed");
  http_reply r;
  r.content_type = form->content_type;
  r.headers.emplace_back("Cache-Control", "no-store");
  r.stream = [viewer, &core = n.core](event_writer& out) { return viewer->run(out, core); };
  co_return r;
}

}  // namespace

void add_live_routes(router& to, const node& n) {
  to.set_fallback([&n](const http_request& request) {
    return is_hls_path(request.path) ? serve_hls(n, request) : serve_live(n, request);
  });
}

}  // namespace berth::api
