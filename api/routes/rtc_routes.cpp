#include "api/routes/rtc_routes.hpp"

#include <boost/asio/use_awaitable.hpp>
#include <random>

#include "api/core/error_table.hpp"
#include "api/http/json.hpp"
#include "api/routes/zlm_calls.hpp"
#include "api/viewers/rtc_service.hpp"
#include "api/viewers/rtc_viewer.hpp"
#include "net/egress/rtp_muxer.hpp"
#include "net/rtc/rtc_reception.hpp"

namespace berth::api {
namespace {

using boost::asio::awaitable;
using reply = awaitable<http_reply>;

constexpr auto look_interval = std::chrono::milliseconds{20};

struct refused {
  int code = -1;
  std::string why;
};
struct agreed {
  std::string sdp;
  rtc_service::ticket ticket;
};
using agreement = net::result<agreed, refused>;

refused because(const actors::rejection& why) { return {answer_for(why.code).zlm_code, why.text}; }

bool any(const std::vector<net::rtc_choice>& choices) {
  return std::any_of(choices.begin(), choices.end(), [](const auto& c) { return c.format.has_value(); });
}

class rtc_face {
 public:
  using needs = rtc_needs;
  explicit rtc_face(const needs& with) : with_(with) {}

  reply webrtc(const http_request& request) const {
    const arguments args{request};
    if (auto no = refuse_address(request)) co_return std::move(*no);
    const std::string type{args.text("type")};
    if (type != "play" && type != "push")
      co_return zlm_error(bad_arguments, "type: '" + type + "' is not play or push");
    const auto done = co_await negotiate(request, type == "push");
    if (!done) co_return zlm_error(done.error().code, done.error().why);
    co_return zlm_reply(
        {{"sdp", done->sdp}, {"type", "answer"}, {"id", done->ticket.id}, {"token", done->ticket.token}});
  }

  reply whip(const http_request& request) const { co_return co_await by_the_book(request, true); }
  reply whep(const http_request& request) const { co_return co_await by_the_book(request, false); }

  reply remove(const http_request& request) const {
    const arguments args{request};
    if (auto no = refuse_address(request)) co_return std::move(*no);
    http_reply r;
    const auto done = with_.rtc.end(std::string{args.text("id")}, std::string{args.text("token")});
    if (done == rtc_service::farewell::wrong_token) r.status = 401;
    if (done == rtc_service::farewell::unknown) r.status = 404;
    co_return r;
  }

 private:
  reply by_the_book(const http_request& request, bool push) const {
    if (auto no = refuse_address(request)) co_return std::move(*no);
    const auto done = co_await negotiate(request, push);
    co_return done ? created(*done) : not_acceptable(done.error().why);
  }
  static http_reply created(const agreed& a) {
    http_reply r;
    r.status = 201;
    r.content_type = "application/sdp";
    r.headers.emplace_back("Location", "/index/api/delete_webrtc?id=" + a.ticket.id + "&token=" + a.ticket.token);
    r.body = a.sdp;
    return r;
  }
  static http_reply not_acceptable(const std::string& why) {
    http_reply r;
    r.status = 406;
    r.content_type = "text/plain";
    r.body = why + "\n";
    return r;
  }

  awaitable<agreement> negotiate(const http_request& request, bool push) const {
    if (auto why = with_.rtc.why_not(); !why.empty()) co_return net::failure{refused{-1, std::move(why)}};
    const auto* const app = request.query_value("app");
    const auto* const stream = request.query_value("stream");
    if (app == nullptr || stream == nullptr || app->empty() || stream->empty())
      co_return net::failure{refused{bad_arguments, "app and stream are missing in the URL"}};
    if (auto why = bad_name(arguments{request})) co_return net::failure{refused{bad_arguments, std::move(*why)}};
    const auto key = stream_key_of("", *app, *stream, *with_.config.current());
    const auto offer = net::parse_rtc_offer(request.body);
    if (!offer) co_return net::failure{refused{bad_arguments, "the offer can not be read: " + offer.error()}};
    if (push) co_return co_await receive(request, key, *offer);
    co_return co_await play(request, key, *offer);
  }

  // ---- playing

  awaitable<agreement> play(const http_request& request, const actors::stream_key& key,
                            const net::rtc_offer& offer) const {
    const auto who = with_.viewers.announce({.key = key,
                                             .protocol = "rtc",
                                             .as = net::schema::rtsp,
                                             .peer = client_address(request),
                                             .local = request.local,
                                             .params = std::string{request.raw_query()}});
    const auto found = co_await with_.viewers.admit(who);
    if (!found) co_return net::failure{because(found.error())};
    const auto tracks = net::rtp_muxer::carried(found->media->tracks());
    const auto choices = net::choose_to_send(offer, tracks, first_ssrc());
    if (!any(choices)) co_return net::failure{refused{-1, "the offer and the stream have no codec in common"}};
    auto order = with_.viewers.seat(who, *found, net::container::rtp);
    if (!order) co_return net::failure{because(order.error())};

    const auto gathering = std::make_shared<rtc_gathering>();
    auto delivery = deliver(choices, tracks);
    const auto entrance = entrance_of(offer, choices, delivery.link, gathering);
    delivery.session = entrance.session;
    entrance.session->start();
    const auto own = co_await gathering->wait();
    if (!own) co_return net::failure{refused{-1, own.error()}};
    with_.viewers.viewers().serve_rtc(std::move(*order), std::move(delivery));
    co_return agreed{answer_to(offer, choices, *own, key.stream), entrance.ticket};
  }

  static rtc_delivery deliver(const std::vector<net::rtc_choice>& choices, const std::vector<net::track_ptr>& tracks) {
    rtc_delivery d;
    d.link = std::make_shared<rtc_link>();
    for (std::size_t t = 0; t < tracks.size() && t < d.tracks.size(); ++t)
      for (const auto& choice : choices)
        if (choice.format && choice.format->format == tracks[t]->format)
          d.tracks[t] = {choice.format->payload_type, choice.ssrc};
    return d;
  }

  rtc_service::entrance entrance_of(const net::rtc_offer& offer, const std::vector<net::rtc_choice>& choices,
                                    const std::shared_ptr<rtc_link>& link,
                                    const std::shared_ptr<rtc_gathering>& gathering) const {
    return with_.rtc.make(offer, choices,
                          {.ready = [gathering](const net::ice_parameters& own) { gathering->ready(own); },
                           .established = [link] { link->established(); },
                           .packet = {},
                           .ended =
                               [gathering, link](const std::string& why) {
                                 gathering->failed(why);
                                 link->ended();
                               }});
  }

  // ---- receiving

  awaitable<agreement> receive(const http_request& request, const actors::stream_key& key,
                               const net::rtc_offer& offer) const {
    const auto choices = net::choose_to_receive(offer, with_.rtc.settings().preferred);
    if (!any(choices))
      co_return net::failure{refused{-1, "the offer sends no codec that is served: H264, H265, PCMA, PCMU, opus"}};
    const auto reception = std::make_shared<net::rtc_reception>(choices);
    const auto gathering = std::make_shared<rtc_gathering>();
    const auto entrance = entrance_of(offer, choices, reception, gathering);
    const auto& session = entrance.session;
    auto wanted = request_for(request, key, reception, session);
    const auto opened = co_await with_.core.ask(std::move(wanted));
    if (!opened) {
      // A stream that is opened after all, too late for this client, ends with its session.
      session->stop();
      co_return net::failure{because(opened.error())};
    }
    session->start();
    const auto own = co_await gathering->wait();
    if (!own) {
      session->stop();
      co_return net::failure{refused{-1, own.error()}};
    }
    look_after(reception, session);
    co_return agreed{answer_to(offer, choices, *own, key.stream), entrance.ticket};
  }

  rtc_service::entrance entrance_of(const net::rtc_offer& offer, const std::vector<net::rtc_choice>& choices,
                                    const std::shared_ptr<net::rtc_reception>& reception,
                                    const std::shared_ptr<rtc_gathering>& gathering) const {
    return with_.rtc.make(offer, choices,
                          {.ready = [gathering](const net::ice_parameters& own) { gathering->ready(own); },
                           .established = {},
                           .packet = [reception](net::bytes_view packet,
                                                 bool rtcp) { reception->on_packet(packet, rtcp, net::clock::now()); },
                           .ended =
                               [reception, gathering](const std::string& why) {
                                 gathering->failed(why);
                                 reception->end(why);
                               }});
  }

  static actors::open_request request_for(const http_request& request, const actors::stream_key& key,
                                          const std::shared_ptr<net::rtc_reception>& reception,
                                          const std::shared_ptr<net::rtc_session>& session) {
    net::source_options what;
    what.url = "rtc://" + key.vhost.str() + "/" + key.app + "/" + key.stream;
    what.pushed = true;
    actors::sourced from;
    from.source = std::make_shared<const net::source_options>(std::move(what));
    // The stream keeps the session; the session does not keep the stream.
    from.open_source = [reception, session](const net::source_options_ptr&, std::function<void()> wake) {
      return reception->source(std::move(wake), [session] { session->stop(); });
    };
    from.publisher = client_address(request);
    from.params = request.raw_query();
    actors::open_request r;
    r.key = key;
    r.what = std::move(from);
    r.idle_after = net::duration::zero();
    r.asked = net::clock::now();
    return r;
  }

  void look_after(const std::shared_ptr<net::rtc_reception>& reception,
                  const std::shared_ptr<net::rtc_session>& session) const {
    with_.rtc.every(look_interval, [reception, weak = std::weak_ptr{session}] {
      const auto s = weak.lock();
      if (!s) return false;
      if (auto packets = reception->look(net::clock::now()); !packets.empty()) s->send(std::move(packets));
      return true;
    });
  }

  // ---- both

  std::string answer_to(const net::rtc_offer& offer, const std::vector<net::rtc_choice>& choices,
                        const net::ice_parameters& own, const std::string& name) const {
    return net::make_rtc_answer(offer, choices, own, with_.rtc.fingerprint(), name);
  }

  static std::uint32_t first_ssrc() {
    static thread_local std::mt19937 numbers{std::random_device{}()};
    return static_cast<std::uint32_t>(numbers() | 1U);
  }

  const needs with_;
};

}  // namespace

void add_rtc_routes(router& to, const rtc_needs& with) {
  const auto face = std::make_shared<const rtc_face>(with);
  to.add("/index/api/webrtc", [face](const http_request& r) { return face->webrtc(r); });
  to.add("/index/api/whip", [face](const http_request& r) { return face->whip(r); });
  to.add("/index/api/whep", [face](const http_request& r) { return face->whep(r); });
  to.add("/index/api/delete_webrtc", [face](const http_request& r) { return face->remove(r); });
}

}  // namespace berth::api
