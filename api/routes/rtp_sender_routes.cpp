#include "api/routes/rtp_sender_routes.hpp"

#include <boost/asio/use_awaitable.hpp>

#include "api/core/error_table.hpp"
#include "api/core/status_json.hpp"
#include "api/http/json.hpp"
#include "api/http/resolve.hpp"
#include "api/routes/open_arguments.hpp"
#include "api/routes/send_arguments.hpp"
#include "api/routes/zlm_calls.hpp"

namespace berth::api {
namespace {

using reply = boost::asio::awaitable<http_reply>;

constexpr int no_such_source = -500;

http_reply refuse(int code, std::string_view why) { return zlm_error(code, why, {{"local_port", 0}}); }

class rtp_sender_face {
 public:
  using needs = rtp_sender_needs;
  explicit rtp_sender_face(const needs& with) : with_(with) {}

  reply start(const arguments& args) const {
    auto wanted = read_send_arguments(args);
    if (!wanted) co_return refuse(bad_arguments, wanted.error());
    wanted->key = key_of(args);
    const auto port = args.port("dst_port");
    if (!port) co_return refuse(bad_arguments, port.error());
    if (*port == 0) co_return refuse(bad_arguments, "dst_port: 0 is not in 1..65535");
    std::string argument{"dst_url"}, host{args.text("dst_url")};
    const auto remote = co_await resolve(std::move(argument), std::move(host), *port);
    if (!remote) co_return refuse(-1, remote.error());
    wanted->remote = *remote;
    wanted->way = args.flag("is_udp") ? actors::send_way::udp : actors::send_way::tcp;
    co_return co_await begin(std::move(*wanted));
  }

  reply start_passive(const arguments& args) const {
    auto wanted = read_send_arguments(args);
    if (!wanted) co_return refuse(bad_arguments, wanted.error());
    wanted->key = key_of(args);
    wanted->way = args.flag("is_udp") ? actors::send_way::udp_passive : actors::send_way::tcp_passive;
    co_return co_await begin(std::move(*wanted));
  }

  reply start_talk(const arguments& args) const {
    auto wanted = read_send_arguments(args);
    if (!wanted) co_return refuse(bad_arguments, wanted.error());
    wanted->key = key_of(args);
    wanted->way = actors::send_way::talk;
    co_return co_await begin(std::move(*wanted));
  }

  reply stop(const arguments& args) const {
    actors::stop_sending_request wanted{key_of(args), std::string{args.text("ssrc")}};
    const auto answer = co_await with_.core.ask(std::move(wanted));
    if (answer) co_return zlm_reply();
    if (answer.error().code == actors::errc::no_sender)
      co_return zlm_error(-1, "stopSendRtp failed: " + answer.error().text);
    co_return zlm_rejection(answer.error(), "can not find the stream");
  }

  reply list(const arguments& args) const {
    actors::senders_request wanted{key_of(args)};
    const auto answer = co_await with_.core.ask(std::move(wanted));
    if (!answer) co_return zlm_rejection(answer.error(), "can not find the source stream");
    boost::json::array names, senders;
    std::uint64_t bytes = 0;
    std::uint64_t speed = 0;
    for (const auto& s : answer->senders) {
      names.emplace_back(s.request.ssrc_text);
      senders.push_back(sender_json(s));
      bytes += s.bytes;
      speed += s.byte_rate;
    }
    boost::json::object o{{"totalBytes", bytes}, {"bytesSpeed", speed}};
    o["data"] = std::move(names);
    o["senders"] = std::move(senders);
    co_return zlm_reply(o);
  }

 private:
  actors::stream_key key_of(const arguments& args) const { return key_in(args, *with_.config.current()); }

  reply begin(actors::send_request wanted) const {
    const auto answer = co_await with_.core.ask(std::move(wanted));
    if (answer) co_return zlm_reply({{"local_port", answer->local_port}});
    const auto& why = answer.error();
    if (why.code == actors::errc::not_found)
      co_return refuse(no_such_source, "can not find the source stream: " + why.text);
    co_return refuse(answer_for(why.code).zlm_code, why.text);
  }

  const needs with_;
};

}  // namespace

void add_rtp_sender_routes(router& to, const rtp_sender_needs& with) {
  using f = rtp_sender_face;
  zlm_calls<f> calls{to, ", ", with};
  calls.add("startSendRtp", {"vhost", "app", "stream", "ssrc", "dst_url", "dst_port", "is_udp"}, &f::start);
  calls.add("startSendRtpPassive", {"vhost", "app", "stream", "ssrc"}, &f::start_passive);
  calls.add("startSendRtpTalk", {"vhost", "app", "stream", "ssrc", "recv_stream_id"}, &f::start_talk);
  calls.add("stopSendRtp", {"vhost", "app", "stream"}, &f::stop);
  calls.add("listRtpSender", {"vhost", "app", "stream"}, &f::list);
}

}  // namespace berth::api
