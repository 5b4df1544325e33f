#include "api/routes/v1_routes.hpp"

#include <charconv>

#include "api/core/error_table.hpp"
#include "api/core/status_json.hpp"
#include "api/http/arguments.hpp"
#include "api/http/auth.hpp"
#include "api/http/json.hpp"
#include "api/http/resolve.hpp"
#include "api/http/run_on.hpp"
#include "api/recording/snapshot_service.hpp"
#include "api/routes/metrics.hpp"
#include "api/routes/open_arguments.hpp"
#include "api/routes/send_arguments.hpp"
#include "api/routes/source_arguments.hpp"
#include "api/text/name.hpp"

namespace berth::api {
namespace {

using reply = boost::asio::awaitable<http_reply>;

constexpr std::int64_t most_per_page = 10000;
constexpr std::int64_t default_per_page = 1000;

std::string query_text(const http_request& request, std::string_view name) {
  const auto* value = request.query_value(name);
  return value != nullptr ? *value : std::string{};
}

std::string etag(actors::generation_t generation) { return "\"" + std::to_string(generation) + "\""; }

/// The generation of If-Match: nothing for "*" or without the header; an error for anything that is no ETag of ours.
net::result<std::optional<actors::generation_t>, std::string> read_if_match(const http_request& request) {
  const auto text = trim(request.header("If-Match"));
  if (text.empty() || text == "*") return std::optional<actors::generation_t>{};
  actors::generation_t generation = 0;
  if (text.size() > 2 && text.front() == '"' && text.back() == '"') {
    const auto* end = text.data() + text.size() - 1;
    const auto [stop, failed] = std::from_chars(text.data() + 1, end, generation);
    if (failed == std::errc{} && stop == end) return std::optional{generation};
  }
  return net::failure{"If-Match: '" + std::string{text} + "' is not a generation in double quotes"};
}

/// A page's cursor is the last key of the page before, its parts percent-encoded and joined by slashes.
std::string encode_cursor(const actors::stream_key& key) {
  return percent_encode(key.vhost.str()) + "/" + percent_encode(key.app) + "/" + percent_encode(key.stream);
}

std::optional<actors::stream_key> decode_cursor(std::string_view text) {
  const auto first = text.find('/');
  const auto second = first == text.npos ? text.npos : text.find('/', first + 1);
  if (second == text.npos) return std::nullopt;
  return actors::stream_key{percent_decode(text.substr(0, first)),
                            percent_decode(text.substr(first + 1, second - first - 1)),
                            percent_decode(text.substr(second + 1))};
}

std::optional<actors::stream_state> parse_state(std::string_view text) {
  for (const auto s : {actors::stream_state::listening, actors::stream_state::active, actors::stream_state::stalled})
    if (text == to_string(s)) return s;
  return std::nullopt;
}

// The gate for names, for those in the path and those in arguments.
std::optional<std::string> bad_name_in(const http_request& request) {
  if (request.has_segment("stream_id"))
    if (const auto why = why_no_name(request.segment("stream_id"))) return "stream_id: " + *why;
  return bad_name(arguments{request});
}

class v1_face {
 public:
  using needs = v1_needs;
  explicit v1_face(const needs& with) : with_(with) {}

  using call = reply (v1_face::*)(const http_request&) const;

  reply put_stream(const http_request& request) const {
    const auto asked = net::clock::now();
    const arguments args{request};
    if (!request.body.empty() && !args.remark().empty())
      co_return problem(400, "the body was not used: " + args.remark(), request.path);
    const auto key = key_of(request);
    if (args.has("url")) co_return co_await put_fetched(request, args, key);
    auto wanted = read_open_arguments(args, args.flag("multiplex"));
    if (!wanted) co_return problem(400, wanted.error(), request.path);
    wanted->key = key;
    wanted->asked = asked;
    const auto answer = co_await with_.core.ask(std::move(*wanted));
    co_return put_reply(request, answer);
  }

  reply put_fetched(const http_request& request, const arguments& args, const actors::stream_key& key) const {
    const auto settings = with_.config.current();
    auto source = read_source_arguments(args, *settings);
    if (!source) co_return problem(400, source.error(), request.path);
    auto wanted = open_request_of(key, std::move(*source), publish_arguments(args, *settings));
    const auto answer = co_await with_.core.ask(std::move(wanted));
    co_return put_reply(request, answer);
  }

  static http_reply put_reply(const http_request& request, const actors::outcome<actors::opened>& answer) {
    if (!answer) return problem_rejection(answer.error(), request.path);
    const bool made = answer->kind == actors::open_kind::created || answer->kind == actors::open_kind::replaced;
    auto r = json_reply(stream_json(*answer->stream), made ? 201 : 200);
    r.headers.emplace_back("ETag", etag(answer->stream->generation));
    if (made) r.headers.emplace_back("Location", std::string{request.raw_path()});
    return r;
  }

  reply get_stream(const http_request& request) const {
    actors::query_request wanted{key_of(request)};
    const auto answer = co_await with_.core.ask(std::move(wanted));
    if (!answer) co_return problem_rejection(answer.error(), request.path);
    auto r = json_reply(stream_json(**answer));
    r.headers.emplace_back("ETag", etag((*answer)->generation));
    co_return r;
  }

  reply delete_stream(const http_request& request) const {
    const auto only = read_if_match(request);
    if (!only) co_return problem(400, only.error(), request.path);
    actors::close_request wanted{key_of(request), *only, false};
    const auto answer = co_await with_.core.ask(std::move(wanted));
    if (!answer) co_return problem_rejection(answer.error(), request.path);
    http_reply r;
    r.status = 204;
    co_return r;
  }

  reply get_snapshot(const http_request& request) const {
    actors::media_request wanted{key_of(request)};
    const auto found = co_await with_.core.ask(std::move(wanted));
    if (!found && found.error().code == actors::errc::not_published)
      co_return problem(503, found.error().text, request.path);
    if (!found) co_return problem_rejection(found.error(), request.path);
    const auto picture = co_await with_.snapshots.take(found->media);
    if (!picture) co_return problem(503, picture.error(), request.path);
    co_return jpeg_reply(*picture);
  }

  // ---- senders

  reply post_sender(const http_request& request) const {
    const arguments args{request};
    auto wanted = read_send_arguments(args);
    if (!wanted) co_return problem(400, wanted.error(), request.path);
    wanted->key = key_of(request);
    const auto way = actors::parse_send_way(args.text("way"));
    if (!way)
      co_return problem(
          400, "way: '" + std::string{args.text("way")} + "' is not one of udp, tcp, udp_passive, tcp_passive, talk",
          request.path);
    wanted->way = *way;
    if (*way == actors::send_way::udp || *way == actors::send_way::tcp) {
      const auto port = args.port("dst_port");
      if (!port || *port == 0) co_return problem(400, "dst_port is not in 1..65535", request.path);
      std::string name{"dst"}, host{args.text("dst")};
      const auto remote = co_await resolve(std::move(name), std::move(host), *port);
      if (!remote) co_return problem(400, remote.error(), request.path);
      wanted->remote = *remote;
    }
    const auto answer = co_await with_.core.ask(std::move(*wanted));
    if (!answer) co_return problem_rejection(answer.error(), request.path);
    co_return json_reply({{"local_port", answer->local_port}}, 201);
  }

  reply list_senders(const http_request& request) const {
    actors::senders_request wanted{key_of(request)};
    const auto answer = co_await with_.core.ask(std::move(wanted));
    if (!answer) co_return problem_rejection(answer.error(), request.path);
    boost::json::array all;
    for (const auto& s : answer->senders) all.push_back(sender_json(s));
    co_return json_reply({{"senders", std::move(all)}});
  }

  reply delete_senders(const http_request& request) const {
    actors::stop_sending_request wanted{key_of(request), query_text(request, "ssrc")};
    const auto answer = co_await with_.core.ask(std::move(wanted));
    if (!answer) co_return problem_rejection(answer.error(), request.path);
    http_reply r;
    r.status = 204;
    co_return r;
  }

  reply list_streams(const http_request& request) const {
    actors::list_request wanted;
    wanted.vhost = query_text(request, "vhost");
    wanted.app = query_text(request, "app");
    wanted.prefix = query_text(request, "prefix");
    if (const auto text = query_text(request, "state"); !text.empty()) {
      wanted.state = parse_state(text);
      if (!wanted.state)
        co_return problem(400, "state: '" + text + "' is not one of listening, active, stalled", request.path);
    }
    if (const auto text = query_text(request, "cursor"); !text.empty()) {
      wanted.after = decode_cursor(text);
      if (!wanted.after) co_return problem(400, "cursor: '" + text + "' was not made by this server", request.path);
    }
    const auto limit = arguments{request}.integer("limit", 1, most_per_page, default_per_page);
    if (!limit) co_return problem(400, limit.error(), request.path);
    wanted.limit = static_cast<std::size_t>(*limit);

    const auto answer = co_await with_.core.list(std::move(wanted));
    if (!answer) co_return problem_rejection(answer.error(), request.path);
    boost::json::array streams;
    for (const auto& s : answer->streams) streams.push_back(stream_json(s));
    boost::json::object o{{"streams", std::move(streams)}};
    if (answer->next) o["next"] = encode_cursor(*answer->next);
    co_return json_reply(o);
  }

  reply get_ports(const http_request& request) const {
    const auto answer = co_await with_.core.ports();
    if (!answer) co_return problem_rejection(answer.error(), request.path);
    co_return json_reply(ports_json(*answer));
  }

 private:
  actors::stream_key key_of(const http_request& request) const {
    return stream_key_of(query_text(request, "vhost"), query_text(request, "app"), request.segment("stream_id"),
                         *with_.config.current());
  }

  const needs with_;
};

}  // namespace

void add_v1_routes(router& to, const v1_needs& with) {
  using f = v1_face;
  const auto face = std::make_shared<const f>(with);
  const auto answer_of = [&](f::call c) -> handler {
    return [face, c](const http_request& request) -> reply {
      if (auto refused = refuse_bearer(request)) co_return std::move(*refused);
      if (auto bad = bad_name_in(request)) co_return admitted(problem(400, *bad, request.path));
      co_return admitted(co_await ((*face).*c)(request));
    };
  };
  const auto add = [&](std::string method, std::string path, f::call c) {
    to.add(std::move(method), std::move(path), answer_of(c));
  };
  add("PUT", "/v1/streams/{stream_id}", &f::put_stream);
  add("GET", "/v1/streams/{stream_id}", &f::get_stream);
  add("DELETE", "/v1/streams/{stream_id}", &f::delete_stream);
  add("GET", "/v1/streams/{stream_id}/snapshot", &f::get_snapshot);
  add("POST", "/v1/streams/{stream_id}/senders", &f::post_sender);
  add("GET", "/v1/streams/{stream_id}/senders", &f::list_senders);
  add("DELETE", "/v1/streams/{stream_id}/senders", &f::delete_senders);
  to.add("GET", "/v1/streams", aside(with.texts, answer_of(&f::list_streams)));
  to.add("GET", "/v1/ports", aside(with.texts, answer_of(&f::get_ports)));

  // For load balancers and orchestrators, which have no secret.
  to.add("GET", "/metrics", [with](const http_request& request) -> reply {
    if (auto refused = refuse_address(request)) co_return std::move(*refused);
    const auto stats = co_await with.core.ask(actors::stats_request{});
    if (!stats) co_return problem_rejection(stats.error(), request.path);
    const auto hooks = co_await with.core.ask(actors::hook_stats_request{});
    if (!hooks) co_return problem_rejection(hooks.error(), request.path);
    http_reply r;
    r.content_type = "text/plain; version=0.0.4; charset=utf-8";
    r.body = metrics_text(*stats, *hooks, with.threads());
    co_return r;
  });
}

}  // namespace berth::api
