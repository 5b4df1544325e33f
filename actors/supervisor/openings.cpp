#include "actors/supervisor/openings.hpp"

#include <cstdio>

#include "actors/supervisor/launch.hpp"

namespace berth::actors {
namespace {

std::string name_of_ssrc(std::uint32_t ssrc) {
  char text[9];
  std::snprintf(text, sizeof text, "%08X", ssrc);
  return text;
}

errc code_of(net::errc code) {
  return code == net::errc::address_not_local || code == net::errc::bad_address ? errc::bad_address : errc::no_port;
}

}  // namespace

void openings::open(const open_request& request, open_answer answer) {
  had_ports had;
  if (auto made = attempt(request, had)) return answer(account(std::move(*made), request));
  // The key is closing: its end goes on with this open.
  given_.streams.find(request.key)->awaited.opens.push_back({request, std::move(answer), std::move(had)});
}

// Nothing: the key is closing and the open has to wait for its end.
std::optional<outcome<opened>> openings::attempt(const open_request& request, had_ports& had) {
  if (auto refused = why_not(request)) return net::failure{std::move(*refused)};
  auto wanted = record_of(request, given_.keeper.settings(), moment_now());
  if (!wanted) return net::failure{wanted.error()};
  auto* present = given_.streams.find(request.key);
  if (present == nullptr) return create(request, std::move(*wanted), had);
  given_.keeper.look(request.key, *present);
  return meet(request, *present, *wanted, had);
}

std::optional<rejection> openings::why_not(const open_request& request) const {
  if (given_.keeper.shutting_down()) return reject(errc::shutting_down, "the daemon is shutting down").error;
  if (request.key == configured_key() && !request.is_configured())
    return reject(errc::shared_port, to_string(request.key) + " is the name of the node's own shared port").error;
  return std::nullopt;
}

std::optional<outcome<opened>> openings::meet(const open_request& request, stream_record& present,
                                              const stream_record& wanted, had_ports& had) {
  const auto& key = request.key;
  if (request.is_pushed()) return in_the_way(key, present);
  // Whether a source can be had shows when it is opened: nobody loses a port that he was told for it.
  const bool would_end_a_port = request.source() != nullptr && present.request().source() == nullptr;
  if (would_end_a_port && !present.lives.closing()) return in_the_way(key, present);
  if (present.lives.closing()) return std::nullopt;
  const auto& settings = given_.keeper.settings();
  const auto displace_it = [&]() -> std::optional<outcome<opened>> {
    if (auto failed = displace(key, present, request, wanted.opened.wanted, had))
      return net::failure{std::move(*failed)};
    return std::nullopt;
  };
  if (present.lives.state == stream_state::listening) {
    if (!present.same_parameters(wanted, settings)) return displace_it();
    present.lives.armed_at = given_.keeper.now();
    present.lives.paused_until.reset();
    return opened{given_.keeper.status_now(key, present), open_kind::same};
  }
  switch (request.on_conflict.value_or(settings.on_conflict)) {
    case conflict_policy::reuse:
      return opened{given_.keeper.status_now(key, present), open_kind::reused};
    case conflict_policy::replace:
      return displace_it();
    case conflict_policy::error:
      break;
  }
  return in_the_way(key, present);
}

outcome<opened> openings::in_the_way(const stream_key& key, const stream_record& present) const {
  auto status = given_.keeper.status(key, present);
  const auto where = present.request().source() != nullptr ? "" : " on port " + std::to_string(status.port());
  rejection why{errc::stream_live,
                to_string(key) + " is " + std::string{to_string(status.state)} + where + ", generation " +
                    std::to_string(status.generation),
                {}};
  why.live = std::make_shared<stream_status>(std::move(status));
  return net::failure{std::move(why)};
}

// ---- making -------------------------------------------------------------------------------------------------------

net::result<net::allocation, rejection> openings::allocate(const open_request& request, const net::endpoint& local) {
  auto got = given_.ports.allocate(ports_for(request, local), given_.keeper.now());
  given_.alarms.allocation(!got, given_.keeper.now());
  if (!got) return reject(code_of(got.error().code), got.error().text);
  return std::move(*got);
}

outcome<opened> openings::create(const open_request& request, stream_record r, had_ports& had) {
  if (request.source() != nullptr) return create_sourced(request, std::move(r));
  if (!had) {
    auto got = allocate(request, r.opened.wanted);
    if (!got) return net::failure{got.error()};
    had = std::move(*got);
  }
  auto got = std::exchange(had, std::nullopt);
  auto& shared = *r.berth.shared;
  shared.ports = std::move(got->ports);
  shared.receive_buffer = net::receive_buffer(shared.ports.rtp.get());
  r.opened.local = shared.ports.local;
  r.generation = given_.streams.next_generation();
  const auto* one = std::get_if<rtp_port>(&request.what);
  shared.strangers = got->past.strangers_to(to_string(request.key), one != nullptr ? one->ssrc : 0);
  if (auto failed = make_actor(request.key, r)) {
    given_.ports.release(std::move(shared.ports), std::move(got->past), given_.keeper.now());
    return net::failure{std::move(*failed)};
  }
  return opened{insert(request.key, std::move(r)), open_kind::created};
}

std::optional<rejection> openings::why_too_many(const open_request& request, const stream_record* displaced) const {
  const auto others = sourced_ - (displaced != nullptr && displaced->request().source() != nullptr ? 1 : 0);
  if (request.source() == nullptr || others < given_.keeper.settings().max_sources) return std::nullopt;
  return reject(errc::too_many_streams,
                std::to_string(others) + " streams are fetched already, the most that are allowed")
      .error;
}

// It takes no port. If the client has said how it is to be, nobody is asked whether it may.
outcome<opened> openings::create_sourced(const open_request& request, stream_record r) {
  if (auto refused = why_too_many(request, nullptr)) return net::failure{std::move(*refused)};
  const auto& publish = request.source()->publish;
  auto name = request.key;
  if (publish && !publish->stream_replace.empty()) name.stream = publish->stream_replace;
  if (name != request.key && !given_.streams.is_free(name))
    return reject(errc::publish_refused, "the name " + to_string(name) + " is taken by another stream");
  r.generation = given_.streams.next_generation();
  if (auto failed = make_actor(request.key, r)) return net::failure{std::move(*failed)};
  ++sourced_;
  if (name != request.key) given_.streams.rename(request.key, name);
  if (publish) given_.publishing.grant(r, *publish);
  return opened{insert(request.key, std::move(r)), open_kind::created};
}

std::optional<rejection> openings::make_actor(const stream_key& key, stream_record& r) {
  try {
    if (!r.opened.parent) r.berth.host = given_.keeper.place();
    launch({given_.self, given_.keeper.settings(), given_.sockets, given_.sources}, key, r);
  } catch (const std::exception& e) {
    return reject(errc::internal, std::string{"the stream's actor could not be made: "} + e.what()).error;
  }
  return std::nullopt;
}

stream_status_ptr openings::insert(const stream_key& key, stream_record r) {
  auto& inserted = given_.streams.insert(key, std::move(r));
  given_.keeper.remind(key, inserted, idle_deadline(inserted.facts(), inserted.limits(given_.keeper.settings())));
  auto now = given_.keeper.status_now(key, inserted);
  given_.keeper.tell({.kind = event_kind::stream_opened, .stream = now});
  return now;
}

outcome<opened> openings::account(outcome<opened> answer, const open_request& request) {
  if (!answer) {
    given_.stats.refused(answer.error().code);
    return answer;
  }
  given_.stats.opened(answer->kind);
  if (request.asked != net::time_point{})
    given_.stats.open_time.observe(open_time_bounds, given_.keeper.now() - request.asked);
  return answer;
}

void openings::open_fed(const ssrc_arrived& a) {
  auto* port = given_.streams.find(a.port_key, a.port_generation);
  if (port == nullptr || port->lives.closing() || given_.keeper.shutting_down()) return given_.stats.late_message();
  const auto* actor = std::get_if<shared_port_actor>(&port->berth.actor);
  if (actor == nullptr) return given_.stats.late_message();
  const stream_key key{a.port_key.vhost, a.port_key.app, name_of_ssrc(a.ssrc)};
  const auto refuse = [&](std::string why) { caf::anon_send(*actor, refuse_ssrc{a.ssrc, std::move(why)}); };
  if (const auto* present = given_.streams.find(key))
    return refuse(to_string(key) + " is open already, on port " + std::to_string(present->opened.local.port()));
  if (fed_ >= given_.keeper.settings().max_multiplex_streams)
    return refuse("shared ports carry " + std::to_string(fed_) + " streams, the most that are allowed");

  auto r = record_of(key, a, *port, moment_now());
  r.generation = given_.streams.next_generation();
  if (auto failed = make_actor(key, r)) return refuse(failed->text);
  ++fed_;
  port->berth.children.push_back(key);
  insert(key, std::move(r));
}

// ---- taking a place -----------------------------------------------------------------------------------------------

// What can fail fails while the stream that is there is untouched. Only where its own port is wanted, or the last one
// of the range, has it to end first.
std::optional<rejection> openings::displace(const stream_key& key, stream_record& present, const open_request& request,
                                            const net::endpoint& local, had_ports& had) {
  if (auto refused = why_too_many(request, &present)) return refused;
  if (request.ports() != nullptr && !had && !present.holds_port_of(request)) {
    // A pair of the pool can be had again when the stream ends.
    const bool from_pool = given_.ports.is_of_pool(present.opened.local.port()) && !present.opened.parent;
    auto got = given_.ports.allocate(ports_for(request, local), given_.keeper.now());
    const bool none_left =
        !got && (got.error().code == net::errc::pool_exhausted || got.error().code == net::errc::address_in_use);
    const bool wants_last = none_left && from_pool && request.ports()->port == 0;
    if (!wants_last) given_.alarms.allocation(!got, given_.keeper.now());
    if (!got && !wants_last) return reject(code_of(got.error().code), got.error().text).error;
    if (got) had = std::move(*got);
  }
  present.lives.displaced = true;
  given_.keeper.begin_close(key, present, close_reason::replaced);
  return std::nullopt;
}

void openings::give_back(const stream_key& key, stream_record& r, const net::media_sender& fed_by) {
  if (r.opened.parent)
    --fed_;
  else if (r.request().source() != nullptr)
    --sourced_;
  else if (auto& shared = *r.berth.shared; true)
    given_.ports.release(std::move(shared.ports), {to_string(key), fed_by, std::move(shared.strangers)},
                         given_.keeper.now());
}

std::optional<rejection> openings::give_way(stream_record& r) {
  const bool has_own = r.request().ports() != nullptr && !r.opened.parent;
  if (!has_own || !r.lives.displaced || r.awaited.opens.empty() || given_.keeper.shutting_down()) return std::nullopt;
  auto& next = r.awaited.opens.front();
  if (next.ports || next.request.ports() == nullptr) return std::nullopt;
  const auto wanted = record_of(next.request, given_.keeper.settings(), moment_now());
  if (!wanted) return wanted.error();
  auto got = allocate(next.request, wanted->opened.wanted);
  if (!got) return got.error();
  next.ports = std::move(*got);
  return std::nullopt;
}

// A life of its own: whatever is still on its way to the former one finds that gone.
void openings::bring_back(const stream_key& key, const stream_record& r) {
  if (!given_.streams.is_free(key)) return;
  auto again = record_of(r.request(), given_.keeper.settings(), moment_now());
  if (!again) return;
  auto got = given_.ports.allocate(ports_for(r.request(), r.opened.local), given_.keeper.now());
  if (!got) return;
  had_ports had = std::move(*got);
  static_cast<void>(create(r.request(), std::move(*again), had));
}

void openings::refuse(const parked_open& open, const rejection& why) {
  open.answer(account(net::failure{why}, open.request));
}

void openings::open_parked(const stream_key& key, std::list<parked_open> parked, bool displaced) {
  while (!parked.empty()) {
    auto [request, answer, had] = std::move(parked.front());
    parked.pop_front();
    auto made = attempt(request, had);
    if (!made) {
      // This one replaces what an earlier one of the queue has just opened: the rest waits behind it again.
      auto& again = given_.streams.find(key)->awaited.opens;
      again.push_back({std::move(request), std::move(answer), std::move(had)});
      again.splice(again.end(), parked);
      return;
    }
    if (had) given_.ports.release(std::move(had->ports), std::move(had->past), given_.keeper.now());
    if (*made && (*made)->kind == open_kind::created && displaced) (**made).kind = open_kind::replaced;
    displaced = false;
    answer(account(std::move(*made), request));
  }
}

}  // namespace berth::actors
