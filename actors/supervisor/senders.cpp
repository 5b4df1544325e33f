#include "actors/supervisor/senders.hpp"

#include <algorithm>

#include "actors/stream/rtp_sender.hpp"
#include "net/egress/packetizers.hpp"

namespace berth::actors {
namespace {

constexpr net::duration connect_timeout = std::chrono::seconds{5};

net::failure<rejection> no_source(const stream_key& key) {
  return reject(errc::not_found, "no stream " + to_string(key) + " can be sent");
}

// One number is one sender, with or without blanks and leading zeros.
std::string_view digits_of(std::string_view ssrc_text) {
  const auto first = ssrc_text.find_first_not_of(" 0");
  if (first == ssrc_text.npos) return ssrc_text.find('0') == ssrc_text.npos ? "" : "0";
  return ssrc_text.substr(first, ssrc_text.find_last_not_of(' ') + 1 - first);
}

}  // namespace

// ---- starting -----------------------------------------------------------------------------------------------------

caf::result<outcome<sending_started>> senders::start(const send_request& request) {
  const started_promise promise{given_.self};
  const auto in_the_way = request.beside_others ? std::vector<std::uint64_t>{} : of(request.key, request.ssrc_text);
  if (in_the_way.empty())
    begin(request, promise);
  else
    stop(in_the_way, [this, request, promise] { begin(request, promise); });
  return promise;
}

std::optional<rejection> senders::why_not(const send_request& request, const stream_record* source) const {
  if (stopping_) return rejection{errc::shutting_down, "the daemon is shutting down", {}};
  if (source == nullptr || source->lives.closing() || !source->published.registered())
    return no_source(request.key).error;
  if (all_.size() >= given_.keeper.settings().max_senders)
    return rejection{errc::too_many_streams,
                     std::to_string(all_.size()) + " senders are there already, the most that are allowed",
                     {}};
  return std::nullopt;
}

void senders::begin(const send_request& request, started_promise promise) {
  const auto key = given_.streams.resolve(request.key);
  const auto* source = given_.streams.find(key);
  if (auto refused = why_not(request, source)) return promise.deliver(net::failure{std::move(*refused)});
  if (request.way == send_way::talk)
    return talk_through(request, given_.streams.resolve({key.vhost, key.app, request.answering_stream}), false,
                        promise);
  if (!request.answering_stream.empty()) return open_for_answer(request, promise);
  auto what = make(request, *source);
  if (!what) return promise.deliver(net::failure{what.error()});
  if (auto failed = take_port(*what)) return promise.deliver(net::failure{std::move(*failed)});
  launch(std::move(*what), key, *source, promise);
}

net::result<sending, rejection> senders::make(const send_request& request, const stream_record& source) {
  const auto media = net::frames_of(source.published.media());
  const auto tracks = media->tracks();
  const auto meant = net::codec_of_payload(request.payload_type);
  if (meant != net::codec::unknown && request.packing == net::rtp_packing::es) {
    const auto kind = request.audio_only ? net::media_kind::audio : net::media_kind::video;
    for (const auto& t : tracks)
      if (t->kind == kind && t->format != meant)
        return reject(errc::not_sendable, "payload type " + std::to_string(request.payload_type) + " means " +
                                              std::string{net::to_string(meant)} + ", and the stream has " +
                                              std::string{net::to_string(t->format)});
  }
  auto options = given_.keeper.settings().sending;
  options.audio_instead = request.audio_only;
  const net::rtp_identity who{.ssrc = request.ssrc,
                              .payload_type = request.payload_type,
                              .first_sequence = static_cast<std::uint16_t>(given_.keeper.random()),
                              .first_timestamp = given_.keeper.random()};
  auto packetizer = net::make_packetizer(request.packing, tracks, who, options);
  if (!packetizer)
    return reject(errc::not_sendable, "no track of " + to_string(request.key) + " can be sent in this form");
  auto shared = std::make_shared<sending_state>();
  auto pump = std::make_shared<net::rtp_pump>(media, std::move(packetizer), shared->counters);
  return sending{request, std::move(shared), std::move(pump)};
}

// A sender's port is the client's choice as a rule. RTCP on the next one is the actor's matter then: that port may be
// another sender's.
std::optional<rejection> senders::take_port(sending& of) {
  const auto local = net::endpoint::parse(given_.keeper.settings().listen_ip, of.request.local_port);
  if (!local)
    return rejection{errc::bad_address, "'" + given_.keeper.settings().listen_ip + "' is not a numeric address", {}};
  auto& ports = of.shared->ports;
  if (of.request.way == send_way::udp || of.request.way == send_way::udp_passive) {
    auto got = given_.ports.allocate({*local, of.request.local_port == 0, false}, given_.keeper.now());
    if (!got) return rejection{errc::no_port, got.error().text, {}};
    ports = std::move(got->ports);
    of.shared->strangers = got->past.strangers_to("");
    of.shared->local_port = ports.port();
  } else if (of.request.way == send_way::tcp_passive) {
    if (of.request.local_port == 0) {
      // A port of the range like any other: firewalls let nothing else in.
      auto got = given_.ports.allocate({*local, true, true}, given_.keeper.now());
      if (!got) return rejection{errc::no_port, got.error().text, {}};
      of.shared->held = std::move(got->ports);
      of.shared->strangers = got->past.strangers_to("");
      ports.listener = std::move(of.shared->held.listener);
    } else {
      auto listener = given_.sockets.listen_tcp(*local);
      if (!listener) return rejection{errc::no_port, listener.error().text, {}};
      ports.listener = std::move(*listener);
    }
    of.shared->local_port = net::local_endpoint(ports.listener.get()).port();
  }
  return std::nullopt;
}

senders::entry& senders::insert(std::uint64_t id, const sending& what, const stream_key& source,
                                const stream_record& r) {
  entry e;
  e.request = what.request;
  e.source = source;
  e.about = given_.keeper.status_now(source, r);
  e.shared = what.shared;
  e.since = given_.keeper.now();
  return all_.emplace(id, std::move(e)).first->second;
}

void senders::launch(sending what, const stream_key& source, const stream_record& r, started_promise promise) {
  const auto id = ++last_id_;
  auto& e = insert(id, what, source, r);
  rtp_sender_options o;
  o.local = *net::endpoint::parse(given_.keeper.settings().listen_ip, 0);
  o.sockets = &given_.sockets;
  o.silence = given_.keeper.settings().allocator.silence;
  o.wall_now = given_.keeper.wall_clock();
  o.what = std::move(what);
  try {
    e.own = given_.self->spawn<rtp_sender, caf::monitored>(given_.keeper.place(), std::move(o));
  } catch (const std::exception& x) {
    remove(all_.find(id));
    return promise.deliver(reject(errc::internal, std::string{"the sender's actor could not be made: "} + x.what()));
  }
  by_actor_[e.own.id()] = id;
  given_.self->request(e.own, caf::infinite, begin_sending{})
      .then(
          [this, id, shared = e.shared, promise](const outcome<completed>& answer) mutable {
            if (!answer) return promise.deliver(net::failure{answer.error()});
            if (const auto found = all_.find(id); found != all_.end()) tell(event_kind::sender_started, found->second);
            promise.deliver(sending_started{shared->local_port});
          },
          [promise](const caf::error&) mutable {
            promise.deliver(reject(errc::stream_ended, "the sender ended before it had begun"));
          });
}

// ---- answering over a stream's sockets ----------------------------------------------------------------------------

// What the receiver sends back is a stream like any other, opened on the sender's port.
void senders::open_for_answer(const send_request& request, started_promise promise) {
  rtp_port port;
  port.port = request.local_port;
  port.rtcp = request.local_port == 0;
  if (request.way == send_way::tcp_passive) port.mode = tcp_mode::passive;
  if (request.way == send_way::tcp) port.mode = tcp_mode::active;
  open_request o;
  o.key = {request.key.vhost, request.key.app, request.answering_stream};
  o.what = std::move(port);
  o.first_packet_wait = request.receiver_wait;
  given_.keeper.open(o, [this, request, key = o.key, promise](const outcome<opened>& answer) {
    if (!answer) return promise.deliver(net::failure{answer.error()});
    talk_through(request, key, true, promise);
  });
}

void senders::talk_through(const send_request& request, const stream_key& through, bool owned,
                           started_promise promise) {
  const auto key = given_.streams.resolve(request.key);
  const auto* source = given_.streams.find(key);
  const auto* target = given_.streams.find(through);
  const auto give_up = [&](rejection why) {
    if (owned && target != nullptr) given_.keeper.close(through, target->generation);
    promise.deliver(net::failure{std::move(why)});
  };
  if (auto refused = why_not(request, source)) return give_up(std::move(*refused));
  if (target == nullptr || target->lives.closing())
    return give_up(reject(errc::not_found, "can not find the target stream " + to_string(through)).error);
  if (target->request().source() != nullptr)
    return give_up(reject(errc::not_sendable, to_string(through) + " does not come over a connection").error);
  const auto* own = std::get_if<stream_actor>(&target->berth.actor);
  if (own == nullptr || target->opened.parent)
    return give_up(reject(errc::shared_port, to_string(through) + " is on a shared port").error);
  auto what = make(request, *source);
  if (!what) return give_up(what.error());
  what->shared->local_port = target->opened.local.port();
  const auto id = ++last_id_;
  auto& e = insert(id, *what, key, *source);
  e.talker = *own;
  e.through = through;
  e.through_generation = target->generation;
  e.owns_stream = owned;
  if (request.way != send_way::tcp) return begin_talk_of(id, std::move(*what), promise);
  given_.self->request(e.talker, caf::infinite, connect_request{through, request.remote, connect_timeout})
      .then(
          [this, id, what = std::move(*what), promise](const outcome<completed>& answer) mutable {
            const auto found = all_.find(id);
            if (answer && found != all_.end()) return begin_talk_of(id, std::move(what), promise);
            if (answer) return promise.deliver(reject(errc::stream_ended, "the sender was stopped meanwhile"));
            promise.deliver(net::failure{answer.error()});
            if (found != all_.end()) stop({id}, [] {});
          },
          [promise](const caf::error&) mutable {
            promise.deliver(reject(errc::stream_ended, "the stream was closed meanwhile"));
          });
}

void senders::begin_talk_of(std::uint64_t id, sending what, started_promise promise) {
  const auto shared = what.shared;
  given_.self->request(all_.at(id).talker, caf::infinite, begin_talk{id, std::move(what)})
      .then(
          [this, id, shared, promise](const outcome<completed>& answer) mutable {
            const auto found = all_.find(id);
            if (!answer) {
              if (found != all_.end()) remove(found);
              return promise.deliver(net::failure{answer.error()});
            }
            if (found != all_.end()) tell(event_kind::sender_started, found->second);
            promise.deliver(sending_started{shared->local_port});
          },
          [promise](const caf::error&) mutable {
            promise.deliver(reject(errc::stream_ended, "the stream was closed meanwhile"));
          });
}

void senders::talk_ended(std::uint64_t id) {
  const auto found = all_.find(id);
  if (found == all_.end()) return;
  const auto& e = found->second;
  // Nobody else knows of the stream that was opened for it.
  if (e.owns_stream && !e.stopped) given_.keeper.close(*e.through, e.through_generation);
  remove(found);
}

void senders::stream_ended(const stream_key& key, generation_t generation) {
  for (auto it = all_.begin(); it != all_.end();) {
    const auto next = std::next(it);
    if (it->second.through == key && it->second.through_generation == generation) remove(it);
    it = next;
  }
}

// ---- stopping -----------------------------------------------------------------------------------------------------

std::vector<std::uint64_t> senders::of(const stream_key& key, const std::string& ssrc_text) const {
  const auto opened = given_.streams.resolve(key);
  const bool all = ssrc_text.empty();
  const auto wanted = digits_of(ssrc_text);
  std::vector<std::uint64_t> found;
  for (const auto& [id, e] : all_)
    if ((e.source == opened || e.about->public_key() == key) && (all || digits_of(e.request.ssrc_text) == wanted))
      found.push_back(id);
  return found;
}

caf::result<outcome<completed>> senders::stop(const stop_sending_request& request) {
  const auto found = of(request.key, request.ssrc_text);
  if (found.empty()) {
    if (given_.streams.find(given_.streams.resolve(request.key)) == nullptr)
      return outcome<completed>{no_source(request.key)};
    return outcome<completed>{
        reject(errc::no_sender, to_string(request.key) + " is not sent" +
                                    (request.ssrc_text.empty() ? std::string{} : " with SSRC " + request.ssrc_text))};
  }
  const actors::promise<outcome<completed>> promise{given_.self};
  stop(found, [promise]() mutable { promise.deliver(outcome<completed>{completed{}}); });
  return promise;
}

void senders::stop(const std::vector<std::uint64_t>& ids, std::function<void()> then) {
  const auto group = std::make_shared<farewell>(farewell{ids.size(), std::move(then)});
  for (const auto id : ids) {
    auto& e = all_.at(id);
    e.stopped = true;
    e.waiting.push_back(group);
    if (e.owns_stream)
      given_.keeper.close(*e.through, e.through_generation);
    else if (e.through)
      caf::anon_send(e.talker, end_talk{id});
    else
      caf::anon_send(e.own, close_command{});
  }
}

void senders::stop_all() {
  stopping_ = true;
  for (auto& [id, e] : all_) {
    e.stopped = true;
    // Talks end with their streams.
    if (!e.through) caf::anon_send(e.own, close_command{});
  }
}

bool senders::went_down(const caf::actor_addr& who) {
  const auto found = by_actor_.find(who.id());
  if (found == by_actor_.end()) return false;
  const auto id = found->second;
  by_actor_.erase(found);
  remove(all_.find(id));
  return true;
}

void senders::remove(entries::iterator which) {
  auto e = std::move(which->second);
  all_.erase(which);
  packets_ += e.shared->counters.packets.value();
  bytes_ += e.shared->counters.bytes.value();
  auto& ports = e.shared->ports.rtp ? e.shared->ports : e.shared->held;
  if (ports.rtp) {
    net::stop_reporting_refusals(ports.rtp.get());
    net::port_past past{"sender of " + to_string(e.source), {}, {}};
    // Whoever still sends when this was longer is heard while the port rests.
    const bool short_life = given_.keeper.now() - e.since < given_.keeper.settings().allocator.silence;
    if (short_life) past.refused = std::move(e.shared->strangers);
    given_.ports.release(std::move(ports), std::move(past), given_.keeper.now());
  }
  if (e.shared->begun) tell(event_kind::sender_stopped, e);
  for (const auto& group : e.waiting)
    if (--group->left == 0) given_.keeper.later(std::move(group->then));
}

// ---- telling ------------------------------------------------------------------------------------------------------

outcome<sender_list> senders::list(const senders_request& request) const {
  if (given_.streams.find(given_.streams.resolve(request.key)) == nullptr) return no_source(request.key);
  sender_list answer;
  for (const auto id : of(request.key, "")) answer.senders.push_back(status(all_.at(id)));
  return answer;
}

void senders::count(node_stats& in) const {
  in.senders = all_.size();
  in.sent_packets = packets_;
  in.sent_bytes = bytes_;
  for (const auto& [id, e] : all_) {
    in.sent_packets += e.shared->counters.packets.value();
    in.sent_bytes += e.shared->counters.bytes.value();
  }
}

sender_status senders::status(const entry& e) const {
  const auto& c = e.shared->counters;
  sender_status s;
  s.source = e.about->public_key();
  s.request = e.request;
  s.remote = e.shared->remote.load();
  s.local_port = e.shared->local_port;
  s.age = given_.keeper.now() - e.since;
  s.packets = c.packets.value();
  s.bytes = c.bytes.value();
  s.skipped = c.skipped.value();
  s.unsent = c.unsent.value();
  s.byte_rate = c.rate.value(given_.keeper.now());
  return s;
}

void senders::tell(event_kind kind, const entry& e) const {
  auto s = status(e);
  if (kind == event_kind::sender_stopped) {
    // Written by a thread that has let go of it.
    s.end = e.stopped ? send_end::stopped : e.shared->end;
    s.end_text = e.shared->end_text;
    if (s.end == send_end::none) s.end = send_end::failed;
  }
  event told;
  told.kind = kind;
  told.stream = e.about;
  told.sender = std::make_shared<sender_status>(std::move(s));
  given_.keeper.tell(std::move(told));
}

}  // namespace berth::actors
