#include "api/routes/source_routes.hpp"

#include <boost/asio/use_awaitable.hpp>
#include <charconv>

#include "api/core/error_table.hpp"
#include "api/core/media_json.hpp"
#include "api/http/json.hpp"
#include "api/routes/open_arguments.hpp"
#include "api/routes/source_arguments.hpp"
#include "api/routes/zlm_calls.hpp"

namespace berth::api {
namespace {

using reply = boost::asio::awaitable<http_reply>;

constexpr std::int64_t longest_film_ms = 100LL * 24 * 3600 * 1000;
constexpr double slowest = 0.05, fastest = 32;

class source_face {
 public:
  using needs = source_needs;
  explicit source_face(const needs& with) : with_(with) {}

  // ---- streams of other servers

  reply add_proxy(const arguments& args) const {
    const auto settings = with_.config.current();
    auto source = read_source_arguments(args, *settings);
    if (!source) co_return zlm_error(bad_arguments, source.error());
    auto wanted = open_request_of(key_of(args), std::move(*source), publish_arguments(args, *settings));
    const auto key = to_string(wanted.key);
    const auto answer = co_await with_.core.ask(std::move(wanted));
    if (!answer) co_return refuse(answer.error());
    co_return zlm_reply({{"data", boost::json::object{{"key", key}}}});
  }

  reply remove_proxy(const arguments& args) const {
    const auto found = co_await proxies();
    if (!found) co_return zlm_rejection(found.error());
    const auto wanted = args.text("key");
    for (const auto& s : *found) {
      if (to_string(s.key) != wanted) continue;
      actors::close_request end{s.key, s.generation, false};
      const auto closed = co_await with_.core.ask(std::move(end));
      co_return zlm_reply({{"data", boost::json::object{{"flag", closed.has_value()}}}});
    }
    co_return zlm_reply({{"data", boost::json::object{{"flag", false}}}});
  }

  reply list_proxies(const arguments& args) const {
    const auto found = co_await proxies();
    if (!found) co_return zlm_rejection(found.error());
    boost::json::array all;
    for (const auto& s : *found)
      if (!args.has("key") || to_string(s.key) == args.text("key")) all.push_back(proxy_json(s));
    co_return zlm_reply({{"data", std::move(all)}});
  }

  // ---- files

  reply load_file(const arguments& args) const {
    const auto settings = with_.config.current();
    std::string wanted_path{args.text("file_path")};
    const auto path = co_await with_.archive.find(std::move(wanted_path));
    if (!path) co_return zlm_error(-1, "file_path: " + path.error());
    net::source_options source{.url = *path, .file = true, .repeat = args.flag("file_repeat")};
    source.timeout = source_timeout(*settings, 0);
    auto options = publish_arguments(args, *settings);
    // A film plays for those who watch it, and is recorded already.
    if (!args.has("auto_close")) options.auto_close = true;
    if (!args.has("enable_mp4")) options.enable_mp4 = false;
    auto wanted = open_request_of(key_of(args), std::move(source), std::move(options));
    const auto answer = co_await with_.core.ask(std::move(wanted));
    if (!answer) co_return refuse(answer.error());
    co_return zlm_reply();
  }

  reply seek(const arguments& args) const {
    const auto stamp = args.integer("stamp", 0, longest_film_ms, 0);
    if (!stamp) co_return zlm_error(bad_arguments, stamp.error());
    actors::playback_request wanted{key_of(args), std::chrono::milliseconds{*stamp}, {}};
    const auto done = co_await with_.core.ask(std::move(wanted));
    co_return answer_playback(done);
  }

  reply set_speed(const arguments& args) const {
    const auto text = args.text("speed");
    double speed = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), speed);
    if (failed != std::errc{} || end != text.data() + text.size() || !(speed >= slowest && speed <= fastest))
      co_return zlm_error(bad_arguments, "speed: '" + std::string{text} + "' is not in 0.05..32");
    actors::playback_request wanted{key_of(args), {}, speed};
    const auto done = co_await with_.core.ask(std::move(wanted));
    co_return answer_playback(done);
  }

 private:
  actors::stream_key key_of(const arguments& args) const { return key_in(args, *with_.config.current()); }

  boost::asio::awaitable<actors::outcome<std::vector<actors::stream_status>>> proxies() const {
    actors::list_request all;
    auto answer = co_await with_.core.list(std::move(all));
    if (!answer) co_return net::failure{answer.error()};
    std::erase_if(answer->streams, [](const auto& s) { return s.origin != actors::stream_origin::pull; });
    co_return std::move(answer->streams);
  }

  static boost::json::object proxy_json(const actors::stream_status& s) {
    boost::json::object o{{"key", to_string(s.key)},
                          {"url", s.source_url},
                          {"state", to_string(s.state)},
                          {"liveSecs", std::chrono::duration_cast<std::chrono::seconds>(s.age).count()},
                          {"bytes", s.counters.accepted_bytes},
                          {"last_reason", s.last_reason}};
    o["src"] = boost::json::object{{"vhost", s.key.vhost.str()}, {"app", s.key.app}, {"stream", s.key.stream}};
    return o;
  }

  static http_reply refuse(const actors::rejection& why) {
    if (why.code == actors::errc::stream_live) return zlm_error(-1, "This stream already exists: " + why.text);
    return zlm_rejection(why);
  }

  static http_reply answer_playback(const actors::outcome<actors::completed>& done) {
    return done ? zlm_reply() : zlm_rejection(done.error(), "can not find the stream");
  }

  const needs with_;
};

}  // namespace

void add_source_routes(router& to, const source_needs& with) {
  using f = source_face;
  zlm_calls<f> calls{to, ",", with};
  calls.add("addStreamProxy", {"vhost", "app", "stream", "url"}, &f::add_proxy);
  calls.add_aside(with.texts, "delStreamProxy", {"key"}, &f::remove_proxy);
  calls.add_aside(with.texts, "listStreamProxy", {}, &f::list_proxies);
  calls.add("loadMP4File", {"vhost", "app", "stream", "file_path"}, &f::load_file);
  calls.add("seekRecordStamp", {"schema", "vhost", "app", "stream", "stamp"}, &f::seek);
  calls.add("setRecordSpeed", {"schema", "vhost", "app", "stream", "speed"}, &f::set_speed);
}

}  // namespace berth::api
