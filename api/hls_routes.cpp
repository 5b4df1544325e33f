// HLS: /APP/STREAM/hls.m3u8 (MPEG-TS), hls.fmp4.m3u8 (fragmented MP4), and the segments that they name.
#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "api/error_table.hpp"
#include "api/hls_service.hpp"
#include "api/live_reply.hpp"
#include "api/node.hpp"
#include "api/open_arguments.hpp"

namespace berth::api {
namespace {

namespace asio = boost::asio;
using reply = asio::awaitable<http_reply>;

struct hls_file {
  std::string_view suffix;
  net::container container;
  std::string_view content_type;
};
// The longer names first: one ends as the other does.
constexpr std::array<hls_file, 5> files{{{"hls.fmp4.m3u8", net::container::fmp4, "application/vnd.apple.mpegurl"},
                                         {"hls.m3u8", net::container::ts, "application/vnd.apple.mpegurl"},
                                         {".ts", net::container::ts, "video/mp2t"},
                                         {".m4s", net::container::fmp4, "video/mp4"},
                                         {".mp4", net::container::fmp4, "video/mp4"}}};

const hls_file* file_of(std::string_view name) {
  for (const auto& f : files)
    if (name.ends_with(f.suffix)) return &f;
  return nullptr;
}

/// Waits until the first segment is there, or for `limit`.
asio::awaitable<void> first_segment(std::shared_ptr<hls_session> session, net::duration limit) {
  const auto strand = co_await asio::this_coro::executor;
  const auto alarm = std::make_shared<asio::steady_timer>(strand, limit);
  session->when_ready([alarm, strand] { asio::post(strand, [alarm] { alarm->cancel(); }); });
  co_await alarm->async_wait(asio::as_tuple(asio::use_awaitable));
}

http_reply file_reply(const hls_file& file, std::string body) {
  http_reply r;
  r.content_type = file.content_type;
  r.headers.emplace_back("Cache-Control", "no-store");
  r.body = std::move(body);
  return r;
}

}  // namespace

bool is_hls_path(std::string_view path) noexcept {
  const auto name = path.substr(path.rfind('/') + 1);
  return name.find(".live.") == name.npos && file_of(name) != nullptr;
}

reply serve_hls(const node& n, const http_request& request) {
  std::string_view path{request.path};
  path.remove_prefix(1);
  const auto last = path.rfind('/');
  const auto first = path.find('/');
  if (first == path.npos || first == last) co_return nothing_there(request);
  const auto name = path.substr(last + 1);
  const auto* file = file_of(name);
  const auto settings = n.config.snapshot();
  const auto key = stream_key_of("", path.substr(0, first), path.substr(first + 1, last - first - 1), *settings);
  if (!name.ends_with(".m3u8")) {
    // Whoever got the list was let in then.
    const auto session = n.hls.find(key, file->container);
    const auto segment = session ? session->segment(name) : nullptr;
    if (!segment) co_return nothing_there(request);
    co_return file_reply(*file, std::string{segment->bytes.begin(), segment->bytes.end()});
  }

  actors::watch_request wanted;
  wanted.who.key = key;
  wanted.who.id = n.media.viewers().next_id();
  wanted.who.protocol = "http";
  wanted.who.as = net::schema::hls;
  wanted.who.peer = request.peer;
  wanted.who.local = request.local;
  wanted.who.params = query_of(request);
  const auto patience = settings->get_milliseconds("general.maxStreamWaitMS");
  wanted.wait = patience;
  const auto found = co_await n.core.watch(std::move(wanted));
  if (!found) co_return live_refusal(found.error(), request);

  net::hls_options options{.as = file->container};
  options.segment_seconds = static_cast<double>(settings->get_int("hls.segDur"));
  options.segments_in_list = static_cast<std::size_t>(std::max<std::int64_t>(1, settings->get_int("hls.segNum")));
  options.segments_kept = static_cast<std::size_t>(settings->get_int("hls.segRetain"));
  options.fast_register = settings->get_bool("hls.fastRegister");
  const auto session = n.hls.session_for(key, *found, options);
  co_await first_segment(session, patience);
  auto text = session->playlist();
  co_return text.empty() ? nothing_there(request) : file_reply(*file, std::move(text));
}

}  // namespace berth::api
