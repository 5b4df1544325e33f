// Opens, queries, lists, closes and packets of several clients, in thousands of seeded schedules and in every schedule
// of a few: whatever they are told could have been told one after the other.
#include "tests/support/linearizability.hpp"

#include <functional>
#include <map>

#include "tests/support/berth_model.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/every_way.hpp"
#include "tests/support/harbour.hpp"
#include "tests/support/long_run.hpp"
#include "tests/support/sanitized.hpp"

using namespace berth::tests;
using namespace berth;
using namespace std::chrono_literals;

namespace {

using ask = stream_request::kind;
using tell = stream_answer::kind;

constexpr int keys = 2;
constexpr int clients = 3;
constexpr int operations_each = 7;
constexpr auto idle_after = 1s;

const berth_model model{keys, std::chrono::nanoseconds{idle_after}.count()};

stream_view told(const actors::stream_status& s) {
  return {s.port(), s.generation, s.state != actors::stream_state::listening};
}

/// A supervisor without a network, and what all clients of one schedule are told.
struct schedule {
  explicit schedule(std::uint64_t seed = 0, std::uint16_t pairs = 4)
      : h{pairs, seed, &sockets, net::port_range{30000, static_cast<std::uint16_t>(30000 + 2 * pairs - 1)}} {}

  /// Virtual time, made strictly increasing.
  instant tick() { return h.lab.now().time_since_epoch().count() + ++steps; }
  std::size_t begin(int client, const stream_request& r) {
    history.push_back({client, tick(), never, r, std::nullopt});
    return history.size() - 1;
  }
  void end(std::size_t n, stream_answer a) {
    history[n].returned = tick();
    history[n].answer = std::move(a);
  }
  /// The streams read what has arrived.
  void turn_reactor() {
    h.poller.wait(net::duration::zero(), [this] { return h.lab.now(); });
  }

  paired_sockets sockets;
  harbour h;
  std::vector<stream_operation> history;
  instant steps = 0;
  bool early_answers = false;  ///< the negative control: closes are believed before they are answered
};

/// Calls one planned operation after the other. Feeds go to the stream that it was told of last.
class client {
 public:
  client(caf::event_based_actor* self, schedule& in, int number, std::vector<stream_request> plan)
      : self_(self), in_(in), number_(number), plan_(std::move(plan)) {}

  static caf::actor spawn(schedule& in, int number, std::vector<stream_request> plan) {
    return in.h.lab.system.spawn([&in, number, plan = std::move(plan)](caf::event_based_actor* self) {
      self->set_default_handler(caf::drop);  // answers that nobody waited for
      client{self, in, number, plan}.next();
    });
  }

  void next() {
    if (done_ == plan_.size()) return;
    auto r = plan_[done_++];
    if (r.what == ask::feed) return feed(r);
    const auto n = in_.begin(number_, r);
    const auto key = harbour::key(std::string(1, static_cast<char>('a' + r.key)));
    switch (r.what) {
      case ask::open:
        return open(n, r, key);
      case ask::close:
        if (!in_.early_answers)
          return request<actors::outcome<actors::closed>>(n, actors::close_request{key, {}, false}, [](const auto& a) {
            return stream_answer{tell::closed, {}, a.has_value(), {}};
          });
        self_->send(in_.h.supervisor, actors::close_request{key, {}, false});
        in_.end(n, {tell::closed, {}, true, {}});
        return next();
      case ask::query:
        return request<actors::outcome<actors::stream_status_ptr>>(n, actors::query_request{key}, [](const auto& a) {
          const auto view = a ? told(**a) : stream_view{};
          return stream_answer{tell::info, view, view.live, {}};
        });
      case ask::list:
        return request<actors::outcome<actors::stream_list>>(n, actors::list_request{}, [](const auto& list) {
          stream_answer a{tell::listed, {}, false, {}};
          for (const auto& s : list->streams) a.streams[s.key.stream[0] - 'a'] = told(s);
          return a;
        });
      case ask::feed:
        return;
    }
  }

 private:
  void open(std::size_t n, const stream_request& r, const actors::stream_key& key) {
    actors::open_request wanted;
    wanted.key = key;
    harbour::port_in(wanted).only_track = static_cast<actors::track_filter>(r.parameters);
    wanted.idle_after = idle_after;
    wanted.on_conflict = static_cast<actors::conflict_policy>(r.on_conflict);
    request<actors::outcome<actors::opened>>(n, wanted, [](const actors::outcome<actors::opened>& a) {
      if (a) return stream_answer{tell::opened, told(*a->stream), false, {}};
      const bool live = a.error().code == actors::errc::stream_live;
      return stream_answer{
          live ? tell::refused : tell::no_port, live ? told(*a.error().live) : stream_view{}, false, {}};
    });
  }
  void feed(stream_request r) {
    if (known_.port != 0) {
      r.key = known_key_;
      r.generation = known_.generation;
      in_.begin(number_, r);
      in_.sockets.send(known_.port, camera_.next());
    }
    next();
  }
  template <class Answer, class Message, class Read>
  void request(std::size_t n, Message message, Read read) {
    self_->request(in_.h.supervisor, caf::infinite, std::move(message))
        .then(
            [me = *this, n, read](const Answer& answer) mutable {
              const auto a = read(answer);
              if (a.what == tell::opened) me.known_ = a.stream, me.known_key_ = me.in_.history[n].request.key;
              me.in_.end(n, a);
              me.next();
            },
            [](const caf::error&) {});
  }

  caf::event_based_actor* self_;
  schedule& in_;
  int number_;
  std::vector<stream_request> plan_;
  std::size_t done_ = 0;
  stream_view known_;
  int known_key_ = 0;
  rtp_source camera_{0x1234};
};

stream_request draw(std::mt19937& random, bool feeds) {
  stream_request r;
  r.key = static_cast<int>(random() % keys);
  const auto dice = random() % (feeds ? 12 : 10);
  r.what = dice < 5 ? ask::open : dice < 7 ? ask::query : dice < 8 ? ask::list : dice < 10 ? ask::close : ask::feed;
  if (r.what == ask::open) {
    r.parameters = static_cast<int>(random() % 2);
    r.on_conflict = static_cast<conflict>(random() % 3);
  }
  return r;
}

std::vector<stream_operation> run_seed(std::uint64_t seed, bool early_answers) {
  // Either one pair less than keys, and ports run out; or so many that none is used twice, and packets are sent: these
  // sockets know no addresses by which a former sender could be told.
  const bool scarce = seed % 2 == 0;
  schedule s{seed, static_cast<std::uint16_t>(scarce ? 1 : clients * operations_each)};
  s.early_answers = early_answers;
  std::mt19937 random{static_cast<unsigned>(seed)};
  for (int c = 0; c < clients; ++c) {
    std::vector<stream_request> plan;
    for (int i = 0; i < operations_each; ++i) plan.push_back(draw(random, !scarce));
    client::spawn(s, c, std::move(plan));
  }
  do {
    if (random() % 24 == 0) s.h.lab.scheduler.advance_time(400ms);
    if (random() % 4 == 0) s.turn_reactor();
  } while (s.h.lab.step());
  return s.history;
}

/// One schedule of clients that begin one operation each at any time, beside a time-out and messages about the first
/// life of key 0. The choice is who is next: one of those, or an actor that has a message.
void run_choices(const std::vector<stream_request>& operations, choices& choose) {
  schedule s;
  auto& lab = s.h.lab;
  std::vector<caf::actor> hearers{caf::actor_cast<caf::actor>(s.h.log)};
  const auto begin = [&](const stream_request& r) {
    hearers.push_back(client::spawn(s, static_cast<int>(hearers.size()), {r}));
  };
  begin({ask::open, 0, 0, conflict::error, 0});
  lab.run();
  const auto first = s.history.at(0).answer->stream.generation;

  std::vector<std::function<void()>> events;
  for (const auto& r : operations) events.emplace_back([&begin, r] { begin(r); });
  events.emplace_back([&] { lab.scheduler.advance_time(idle_after + 100ms); });
  events.emplace_back([&] {
    caf::anon_send(s.h.supervisor, actors::stream_notice{harbour::key("a"), first});
    caf::anon_send(s.h.supervisor, actors::ssrc_arrived{harbour::key("a"), first, 1, nullptr});
  });
  for (;;) {
    // Who only hears is next at once: the sooner an answer is known, the more it has to be true.
    for (const auto& a : hearers) lab.run_pending(a);
    const auto n = lab.runnable();
    if (n + events.size() == 0) break;
    const auto k = choose(n + events.size());
    if (k < n) {
      lab.step(k);
    } else {
      const auto at = events.begin() + static_cast<std::ptrdiff_t>(k - n);
      const auto happen = std::move(*at);
      events.erase(at);
      happen();
    }
  }
  begin({ask::list, 0, 0, conflict::error, 0});
  lab.run();
  const auto result = check_linearizable(model, s.history);
  if (!result) FAIL(result.why);
}

}  // namespace

TEST_CASE("10,000 schedules of concurrent opens, queries, lists, closes, packets and time-outs are linearizable") {
  std::map<tell, std::size_t> answers;
  std::size_t live = 0, unanswered = 0;
  for (std::uint64_t seed = 0; seed < at_length(sanitized ? 3'000U : 10'000U); ++seed) {
    const auto history = run_seed(seed, false);
    for (const auto& o : history) {
      if (o.answer) {
        ++answers[o.answer->what];
        live += o.answer->what == tell::opened && o.answer->stream.live ? 1 : 0;
      } else if (o.request.what != ask::feed) {
        ++unanswered;
      }
    }
    const auto result = check_linearizable(model, history);
    INFO("seed " << seed << ": " << result.why);
    REQUIRE(result);
  }
  CHECK(unanswered == 0);
  // The schedules have met all that can be told.
  for (const auto what : {tell::opened, tell::refused, tell::no_port, tell::info, tell::listed, tell::closed})
    CHECK(answers[what] > (sanitized ? 300U : 1000U));
  CHECK(live > (sanitized ? 300U : 1000U));
}

TEST_CASE("the check bites: closes believed before they are answered are found out") {
  int caught = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed)
    caught +=
        check_linearizable(model, run_seed(seed, true)).outcome == linearizability::verdict::not_linearizable ? 1 : 0;
  CHECK(caught > 50);
}

TEST_CASE("late messages: in every schedule of opens, closes and a time-out of one key the successor stays untouched") {
  const stream_request same{ask::open, 0, 0, conflict::error, 0};
  const stream_request other{ask::open, 0, 1, conflict::error, 0};
  const stream_request close{ask::close, 0, 0, conflict::error, 0};
  std::vector<std::vector<stream_request>> all{
      {same, close}, {other, close}, {close, close}, {same, other}, {other, other}};
  if (sanitized && long_factor() == 1) all.resize(1);
  std::size_t schedules = 0;
  for (const auto& operations : all) schedules += for_every_way([&](choices& c) { run_choices(operations, c); });
  CHECK(schedules > (sanitized ? 5'000 : 50'000));
}
