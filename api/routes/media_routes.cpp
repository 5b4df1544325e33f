#include "api/routes/media_routes.hpp"

#include <algorithm>
#include <boost/asio/use_awaitable.hpp>

#include "api/core/error_table.hpp"
#include "api/core/media_json.hpp"
#include "api/http/json.hpp"
#include "api/recording/recorder.hpp"
#include "api/recording/snapshot_service.hpp"
#include "api/routes/open_arguments.hpp"
#include "api/routes/own_url.hpp"
#include "api/routes/zlm_calls.hpp"
#include "api/viewers/viewer_service.hpp"

namespace berth::api {
namespace {

namespace asio = boost::asio;
using reply = asio::awaitable<http_reply>;

constexpr int no_such_stream = -500;

/// What a call asks for; empty = any.
struct media_filter {
  std::optional<net::schema> as;
  bool no_such_schema = false;
  std::string vhost, app, stream;

  bool matches(const actors::stream_status& s) const {
    if (!vhost.empty() && s.key.vhost.str() != vhost) return false;
    if (!app.empty() && s.key.app != app) return false;
    return stream.empty() || s.key.stream == stream || s.public_name == stream;
  }
  bool matches(net::schema wanted) const { return !no_such_schema && (!as || *as == wanted); }
  /// Those of its schemas that are asked for.
  net::schema_set schemas_of(const actors::stream_status& s) const {
    auto found = s.publish.schemas;
    for (std::size_t i = 0; i < net::schema_count; ++i) found[i] = found[i] && matches(static_cast<net::schema>(i));
    return found;
  }
};

boost::json::object viewer_json(const viewer_info& v) {
  return {{"id", v.who.id},
          {"identifier", v.who.id},
          {"peer_ip", v.who.peer.address_string()},
          {"peer_port", v.who.peer.port()},
          {"local_ip", v.who.local.address_string()},
          {"local_port", v.who.local.port()},
          {"type", "tcp"},
          {"typeid", "viewer"},
          {"protocol", v.who.protocol},
          {"schema", net::to_string(v.who.as)},
          {"app", v.who.key.app},
          {"stream", v.who.key.stream},
          {"bytes", v.bytes},
          {"skipped", v.skipped}};
}

/// The caller stores the body of any answer with status 200 as a picture, so a failure has another one.
http_reply no_picture(int code, const std::string& why) {
  auto r = zlm_error(code, why);
  r.status = 404;
  return r;
}

class media_face {
 public:
  using needs = media_needs;
  explicit media_face(const needs& with) : with_(with) {}

  // ---- lists

  reply media_list(const arguments& args) const {
    const auto filter = filter_of(args);
    const auto streams = co_await watchable(filter);
    if (!streams) co_return zlm_rejection(streams.error());
    std::string elements;
    for (const auto& s : *streams) {
      const auto schemas = filter.schemas_of(s);
      if (schemas.none()) continue;
      if (!elements.empty()) elements += ',';
      elements += media_items(s, schemas, is_recorded(s));
    }
    co_return zlm_list(elements);
  }

  reply media_info(const arguments& args) const {
    const auto filter = filter_of(args);
    const auto asked = co_await find(args);
    if (!asked) co_return zlm_rejection(asked.error());
    const auto& found = *asked;
    if (!found || !found->watchable || !filter.as || filter.schemas_of(*found).none())
      co_return zlm_error(no_such_stream, "can not find the stream");
    co_return zlm_reply(media_item(*found, *filter.as, is_recorded(*found)));
  }

  reply is_online(const arguments& args) const {
    const auto filter = filter_of(args);
    const auto asked = co_await find(args);
    if (!asked) co_return zlm_rejection(asked.error());
    const auto& found = *asked;
    co_return zlm_reply({{"online", found && found->watchable && filter.as && filter.schemas_of(*found).any()}});
  }

  reply player_list(const arguments& args) const {
    const auto filter = filter_of(args);
    const auto asked = co_await find(args);
    if (!asked) co_return zlm_rejection(asked.error());
    const auto& found = *asked;
    boost::json::array players;
    if (found)
      for (const auto& v : with_.viewers.list())
        if (v.who.key == found->public_key() && filter.matches(v.who.as)) players.push_back(viewer_json(v));
    co_return zlm_reply({{"data", std::move(players)}});
  }

  reply all_sessions(const arguments& args) const {
    boost::json::array sessions;
    for (const auto& v : sessions_of(args)) sessions.push_back(viewer_json(v));
    co_return zlm_reply({{"data", std::move(sessions)}});
  }

  // ---- ends

  reply close_stream(const arguments& args) const {
    const auto asked = co_await find(args);
    if (!asked) co_return zlm_rejection(asked.error());
    const auto& found = *asked;
    if (!found || !is_live(*found)) co_return zlm_error(no_such_stream, "can not find the stream");
    const int watching = found->media ? found->media->all_viewers() : 0;
    if (watching > 0 && !args.flag("force"))
      co_return zlm_error(-1, "close failed", {{"result", -1}, {"viewers", watching}});
    co_await close(*found);
    co_return zlm_reply({{"result", 0}, {"msg", "success"}});
  }

  reply close_streams(const arguments& args) const {
    const auto filter = filter_of(args);
    const auto streams = co_await streams_of(filter, false);
    if (!streams) co_return zlm_rejection(streams.error());
    std::size_t hit = 0, done = 0;
    for (const auto& s : *streams) {
      if (!is_live(s)) continue;
      // Before anybody can watch it, it counts once.
      const auto asked_for = filter.schemas_of(s).count();
      const auto schemas = s.watchable ? asked_for : std::min<std::size_t>(asked_for, 1);
      if (schemas == 0) continue;
      hit += schemas;
      if (s.media && s.media->all_viewers() > 0 && !args.flag("force")) continue;
      if (co_await close(s)) done += schemas;
    }
    co_return zlm_reply({{"count_hit", hit}, {"count_closed", done}});
  }

  reply kick_session(const arguments& args) const {
    const bool kicked = with_.viewers.kick(std::string{args.text("id")});
    co_return kicked ? zlm_reply() : zlm_error(-1, "can not find the target");
  }

  reply kick_sessions(const arguments& args) const {
    std::size_t hit = 0;
    for (const auto& v : sessions_of(args)) hit += with_.viewers.kick(v.who.id) ? 1 : 0;
    co_return zlm_reply({{"count_hit", hit}});
  }

  // ---- recordings and pictures

  reply start_record(const arguments& args) const {
    const auto kind = recording_kind_of(args);
    if (!kind) co_return zlm_error(bad_arguments, kind.error(), {{"result", false}});
    const auto seconds = args.uint32("max_second");
    if (!seconds) co_return zlm_error(bad_arguments, seconds.error(), {{"result", false}});
    actors::media_request media{key_of(args)};
    auto found = co_await with_.core.ask(std::move(media));
    if (!found && found.error().code == actors::errc::no_answer) co_return zlm_rejection(found.error());
    if (!found) co_return zlm_error(no_such_stream, "can not find the stream", {{"result", false}});
    recording_request wanted{std::move(*found), *kind, *seconds, std::string{args.text("customized_path")}};
    const auto failed = with_.recordings.start(std::move(wanted));
    if (failed) co_return zlm_error(-1, "start record failed: " + *failed, {{"result", false}});
    co_return zlm_reply({{"result", true}, {"msg", "success"}});
  }

  reply stop_record(const arguments& args) const {
    const auto kind = recording_kind_of(args);
    if (!kind) co_return zlm_error(bad_arguments, kind.error(), {{"result", false}});
    const auto asked = co_await find(args);
    if (!asked) co_return zlm_rejection(asked.error());
    const auto& found = *asked;
    if (!found) co_return zlm_error(no_such_stream, "can not find the stream", {{"result", false}});
    const bool stopped = co_await with_.recordings.stop(found->key, *kind);
    if (!stopped) co_return zlm_error(-1, "stop record failed: nothing is recorded", {{"result", false}});
    co_return zlm_reply({{"result", true}, {"msg", "success"}});
  }

  reply is_recording(const arguments& args) const {
    const auto kind = recording_kind_of(args);
    if (!kind) co_return zlm_error(bad_arguments, kind.error());
    const auto asked = co_await find(args);
    if (!asked) co_return zlm_rejection(asked.error());
    const auto& found = *asked;
    co_return zlm_reply({{"status", found && with_.recordings.is_recording(found->key, *kind)}});
  }

  reply recorded_files(const arguments& args) const {
    auto where = place_of(args);
    const auto found = co_await with_.archive.files(std::move(where));
    if (!found) co_return zlm_error(bad_arguments, found.error());
    boost::json::array paths;
    for (const auto& p : found->paths) paths.emplace_back(p);
    co_return zlm_reply({{"data", boost::json::object{{"rootPath", found->root}, {"paths", std::move(paths)}}}});
  }

  reply remove_recordings(const arguments& args) const {
    auto what = place_of(args);
    const auto asked = co_await find(args);
    if (!asked) co_return zlm_rejection(asked.error());
    const auto& found = *asked;
    const bool recording = found && (with_.recordings.is_recording(found->key, recording_kind::mp4) ||
                                     with_.recordings.is_recording(found->key, recording_kind::flv));
    const auto removed = co_await with_.archive.remove(std::move(what), recording);
    if (!removed) co_return zlm_error(-1, removed.error());
    co_return zlm_reply({{"path", *removed}});
  }

  // Where a URL leads back to a stream that this node has, nobody is asked for it.
  reply snap(const arguments& args) const {
    const auto settings = with_.config.current();
    const auto seconds = args.integer("timeout_sec", 0, 3600, 0);
    if (!seconds) co_return no_picture(bad_arguments, seconds.error());
    const auto age = args.integer("expire_sec", 0, 7 * 24 * 3600, 0);
    if (!age) co_return no_picture(bad_arguments, age.error());
    if (const auto key = own_stream_of(args.text("url"), args.request(), *settings)) {
      actors::media_request wanted{*key};
      const auto found = co_await with_.core.ask(std::move(wanted));
      if (found) {
        const auto picture = co_await with_.snapshots.take(found->media);
        co_return picture ? jpeg_reply(*picture) : no_picture(-1, picture.error());
      }
      // It is this node's: nobody else is asked for it.
      if (found.error().code != actors::errc::not_found) co_return no_picture(-1, found.error().text);
    }
    std::string url{args.text("url")};
    const auto picture = co_await with_.snapshots.fetch(std::move(url), source_timeout(*settings, *seconds));
    co_return picture ? jpeg_reply(*picture)
                      : no_picture(no_such_stream, "can not find the stream: " + picture.error());
  }

 private:
  recording_archive::place place_of(const arguments& args) const {
    return {key_of(args), std::string{args.text("period")}, std::string{args.text("name")},
            std::string{args.text("customized_path")}};
  }

  actors::stream_key key_of(const arguments& args) const { return key_in(args, *with_.config.current()); }

  media_filter filter_of(const arguments& args) const {
    media_filter f;
    f.vhost = args.text("vhost");
    f.app = args.text("app");
    f.stream = args.text("stream");
    if (args.has("schema")) {
      f.as = net::parse_schema(args.text("schema"));
      f.no_such_schema = !f.as;
    }
    return f;
  }

  /// Null if there is no such stream: that is an answer. That nobody knows is none.
  asio::awaitable<actors::outcome<actors::stream_status_ptr>> find(const arguments& args) const {
    actors::query_request wanted{key_of(args)};
    auto answer = co_await with_.core.ask(std::move(wanted));
    if (!answer && answer.error().code == actors::errc::not_found) co_return actors::stream_status_ptr{};
    co_return answer;
  }

  /// What stands in the way of an open, from its first packet on.
  static bool is_live(const actors::stream_status& s) {
    return s.origin != actors::stream_origin::rtp || s.state == actors::stream_state::active ||
           s.state == actors::stream_state::stalled;
  }

  asio::awaitable<actors::outcome<std::vector<actors::stream_status>>> watchable(const media_filter& filter) const {
    return streams_of(filter, true);
  }
  asio::awaitable<actors::outcome<std::vector<actors::stream_status>>> streams_of(const media_filter& filter,
                                                                                  bool watchable) const {
    actors::list_request wanted;
    wanted.watchable = watchable;
    wanted.vhost = filter.vhost;
    wanted.app = filter.app;
    auto answer = co_await with_.core.list(std::move(wanted));
    if (!answer) co_return net::failure{answer.error()};
    std::erase_if(answer->streams, [&](const auto& s) { return !filter.matches(s); });
    co_return std::move(answer->streams);
  }

  asio::awaitable<bool> close(const actors::stream_status& s) const {
    actors::close_request wanted{s.key, s.generation, false};
    const auto closed = co_await with_.core.ask(std::move(wanted));
    co_return closed.has_value();
  }

  bool is_recorded(const actors::stream_status& s) const {
    return with_.recordings.is_recording(s.key, recording_kind::mp4);
  }

  std::vector<viewer_info> sessions_of(const arguments& args) const {
    const auto port = args.port("local_port");
    const auto ip = args.text("peer_ip");
    auto all = with_.viewers.list();
    std::erase_if(all, [&](const viewer_info& v) {
      return (port && *port != 0 && v.who.local.port() != *port) || (!ip.empty() && v.who.peer.address_string() != ip);
    });
    return all;
  }

  static net::result<recording_kind, std::string> recording_kind_of(const arguments& args) {
    const auto type = args.text("type");
    if (type == "1") return recording_kind::mp4;
    if (type == "2" || type == "flv") return recording_kind::flv;
    return net::failure{"type: '" + std::string{type} + "' is not 1 (MP4) or 2 (FLV)"};
  }

  const needs with_;
};

}  // namespace

void add_media_routes(router& to, const media_needs& with) {
  using f = media_face;
  zlm_calls<f> calls{to, ",", with};
  calls.add_aside(with.texts, "getMediaList", {}, &f::media_list);
  calls.add("getMediaInfo", {"schema", "vhost", "app", "stream"}, &f::media_info);
  calls.add("isMediaOnline", {"schema", "vhost", "app", "stream"}, &f::is_online);
  calls.add_aside(with.texts, "getMediaPlayerList", {"schema", "vhost", "app", "stream"}, &f::player_list, ", ");
  calls.add("close_stream", {"schema", "vhost", "app", "stream"}, &f::close_stream);
  calls.add_aside(with.texts, "close_streams", {}, &f::close_streams);
  calls.add_aside(with.texts, "getAllSession", {}, &f::all_sessions);
  calls.add("kick_session", {"id"}, &f::kick_session);
  calls.add_aside(with.texts, "kick_sessions", {}, &f::kick_sessions);
  calls.add("startRecord", {"type", "vhost", "app", "stream"}, &f::start_record);
  calls.add("stopRecord", {"type", "vhost", "app", "stream"}, &f::stop_record);
  calls.add("isRecording", {"type", "vhost", "app", "stream"}, &f::is_recording);
  calls.add("getMP4RecordFile", {"vhost", "app", "stream"}, &f::recorded_files);
  calls.add("deleteRecordDirectory", {"vhost", "app", "stream", "period"}, &f::remove_recordings);
  calls.add("getSnap", {"url", "timeout_sec", "expire_sec"}, &f::snap, ", ");
}

}  // namespace berth::api
