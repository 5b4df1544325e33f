// Opens, queries, lists and closes of several clients, in thousands of seeded schedules: whatever they are told could have
// been told one after the other.
#include "tests/support/linearizability.hpp"

#include <map>

#include "tests/support/berth_model.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/harbour.hpp"

using namespace berth::tests;
using namespace berth;
using namespace std::chrono_literals;

namespace {

constexpr int keys = 2;
constexpr int clients = 3;
constexpr int operations_each = 6;
constexpr auto idle_after = 1s;

/// What all clients of one schedule write to.
struct journal {
  std::vector<stream_operation> history;
  const actor_lab* lab = nullptr;
  instant steps = 0;
  bool early_answers = false;  ///< the negative control: closes are believed before they are answered

  // Virtual time, made strictly increasing.
  instant tick() { return lab->now().time_since_epoch().count() + ++steps; }
};

stream_view told(const actors::stream_status& s) {
  return {s.port(), s.generation, s.state != actors::stream_state::listening};
}

struct client_state {
  std::mt19937 random;
  int left = operations_each;
};

class client {
 public:
  client(caf::stateful_actor<client_state>* self, actors::supervisor_actor to, journal* log, int number)
      : self_(self), to_(std::move(to)), log_(log), number_(number) {}

  void next() {
    auto& state = self_->state;
    if (state.left-- == 0) return;
    const auto n = log_->history.size();
    stream_request r;
    r.key = static_cast<int>(state.random() % keys);
    const auto key = harbour::key(std::string(1, static_cast<char>('a' + r.key)));
    const auto draw = state.random() % 10;
    const auto begin = [&](stream_request::kind what) {
      r.what = what;
      log_->history.push_back({number_, log_->tick(), never, r, std::nullopt});
    };
    if (draw < 4) {
      r.parameters = static_cast<int>(state.random() % 2);
      begin(stream_request::kind::open);
      actors::open_request wanted;
      wanted.key = key;
      wanted.ssrc = static_cast<std::uint32_t>(r.parameters);
      wanted.idle_after = idle_after;
      ask<actors::outcome<actors::opened>>(wanted, n, [](const auto& answer) {
        stream_answer a;
        a.what = answer ? stream_answer::kind::opened : stream_answer::kind::no_port;
        if (answer) a.stream = told(answer->stream);
        return a;
      });
    } else if (draw < 6) {
      begin(stream_request::kind::query);
      ask<actors::outcome<actors::stream_status>>(actors::query_request{key}, n, [](const auto& answer) {
        stream_answer a;
        a.what = stream_answer::kind::info;
        if (answer) a.stream = told(*answer);
        a.hit = answer && a.stream.live;
        return a;
      });
    } else if (draw < 8) {
      begin(stream_request::kind::list);
      ask<actors::stream_list>(actors::list_request{}, n, [](const auto& answer) {
        stream_answer a;
        a.what = stream_answer::kind::listed;
        for (const auto& s : answer.streams) a.streams[s.key.stream[0] - 'a'] = told(s);
        return a;
      });
    } else {
      begin(stream_request::kind::close);
      if (log_->early_answers) {
        self_->send(to_, actors::close_request{key, {}, false});
        stream_answer a;
        a.what = stream_answer::kind::closed;
        a.hit = true;
        end(n, a);
        return;
      }
      ask<actors::outcome<actors::closed>>(actors::close_request{key, {}, false}, n, [](const auto& answer) {
        stream_answer a;
        a.what = stream_answer::kind::closed;
        a.hit = answer.has_value();
        return a;
      });
    }
  }

 private:
  template <class Answer, class Message, class Read>
  void ask(Message message, std::size_t n, Read read) {
    self_->request(to_, caf::infinite, std::move(message))
        .then([me = *this, n, read](const Answer& answer) mutable { me.end(n, read(answer)); },
              [](const caf::error&) {});
  }
  void end(std::size_t n, stream_answer answer) {
    log_->history[n].returned = log_->tick();
    log_->history[n].answer = std::move(answer);
    next();
  }

  caf::stateful_actor<client_state>* self_;
  actors::supervisor_actor to_;
  journal* log_;
  int number_;
};

std::vector<stream_operation> run_schedule(std::uint64_t seed, bool early_answers) {
  hollow_sockets sockets;
  journal log;
  // One pair less than keys in every other schedule: then ports run out, too.
  const auto pairs = static_cast<std::uint16_t>(seed % 2 == 0 ? 1 : 4);
  harbour h{pairs, seed, &sockets, net::port_range{30000, static_cast<std::uint16_t>(30000 + 2 * pairs - 1)}};
  log.lab = &h.lab;
  log.early_answers = early_answers;
  for (int c = 0; c < clients; ++c)
    h.lab.system.spawn([&, c](caf::stateful_actor<client_state>* self) {
      self->set_default_handler(caf::drop);  // answers that nobody waited for
      self->state.random.seed(static_cast<unsigned>(seed * 31 + static_cast<unsigned>(c)));
      client{self, h.supervisor, &log, c}.next();
    });
  std::mt19937 random{static_cast<unsigned>(seed)};
  do {
    if (random() % 24 == 0) h.lab.scheduler.advance_time(400ms);
  } while (h.lab.step());
  return log.history;
}

}  // namespace

TEST_CASE("10,000 schedules of concurrent opens, queries, lists, closes and time-outs are linearizable") {
  std::size_t answered = 0;
  for (std::uint64_t seed = 0; seed < 10'000; ++seed) {
    const auto history = run_schedule(seed, false);
    for (const auto& o : history) answered += o.answer ? 1 : 0;
    const auto result =
        check_linearizable(berth_model{keys, std::chrono::nanoseconds{idle_after}.count()}, history);
    INFO("seed " << seed << ": " << result.why);
    REQUIRE(result);
  }
  CHECK(answered == 10'000U * clients * operations_each);
}

TEST_CASE("the check bites: closes believed before they are answered are found out") {
  int caught = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const auto history = run_schedule(seed, true);
    const auto result =
        check_linearizable(berth_model{keys, std::chrono::nanoseconds{idle_after}.count()}, history);
    caught += result.outcome == linearizability::verdict::not_linearizable ? 1 : 0;
  }
  CHECK(caught > 50);
}
