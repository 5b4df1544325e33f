// The one thread of the actors that own no sockets: its own, or one that is lent.
#include "actors/stream/control_unit.hpp"

#include <algorithm>
#include <atomic>
#include <set>

#include "actors/contract/message.hpp"
#include "actors/stream/actor_threads.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/condition.hpp"

using namespace berth;
using namespace berth::actors;
using namespace std::chrono_literals;

namespace {

std::size_t this_thread() { return std::hash<std::thread::id>{}(std::this_thread::get_id()); }

struct thread_question {
  using answer = std::size_t;
};
struct alarm_in {
  using answer = nothing;

  caf::timespan after;
  std::atomic<int>* rings;
};
struct ring {
  using answer = nothing;

  std::atomic<int>* rings;
};
struct leave {
  using answer = nothing;
};
struct rouse {
  using answer = nothing;

  sleeper* whom;
};
using clerk_actor = actor_of<thread_question, alarm_in, ring, rouse, leave>;

clerk_actor::behavior_type clerk(clerk_actor::pointer self) {
  return {[](const thread_question&) { return this_thread(); },
          [self](const alarm_in& a) { self->delayed_send(self, a.after, ring{a.rings}); },
          [](const ring& r) { ++*r.rings; }, [](const rouse& r) { wake_batch::wake(*r.whom); },
          [self](const leave&) { self->quit(); }};
}

/// A loop that the test turns by hand.
class hand_loop final : public control_loop {
 public:
  void wake() override { ++wakes; }
  void wake_at(net::time_point when) override { due = when; }
  void run_behind() override { ++behind; }

  int behind = 0;
  std::atomic<int> wakes{0};
  std::atomic<net::time_point> due{net::time_point::max()};
};

}  // namespace

TEST_CASE("control_unit: all of its actors share one thread, whoever asks them") {
  actor_threads threads{{}};
  std::set<std::size_t> seen;
  for (int i = 0; i < 20; ++i) {
    caf::scoped_actor self{threads.system()};
    const auto one = threads.system().spawn(clerk);
    self->request(one, 10s, thread_question{})
        .receive([&](std::size_t id) { seen.insert(id); }, [](const caf::error&) { FAIL("no answer"); });
    caf::anon_send(one, leave{});
  }
  CHECK(seen.size() == 1);
  CHECK(seen.count(this_thread()) == 0);
}

TEST_CASE("control_unit: on a thread that is lent, what is asked there is answered there, in one turn") {
  actor_threads threads{{}};
  hand_loop loop;
  {
    caf::scoped_actor self{threads.system()};
    const auto one = threads.system().spawn(clerk);
    threads.control().move_to(loop);
    CHECK(loop.wakes > 0);
    threads.control().run();

    const int before = loop.wakes;
    // Without a time limit: that would wake for the clock.
    auto pending = self->request(one, caf::infinite, thread_question{});
    CHECK(self->mailbox().empty());
    CHECK(loop.wakes == before + 1);
    self->send(one, leave{});
    CHECK(loop.wakes == before + 1);
    threads.control().run();
    pending.receive([&](std::size_t id) { CHECK(id == this_thread()); }, [](const caf::error&) { FAIL("no answer"); });
    threads.control().move_home();
  }
}

TEST_CASE("control_unit: the lent thread is told when a message is due, and nobody is woken for what is cancelled") {
  actor_threads threads{{}};
  hand_loop loop;
  std::atomic<int> rings{0};
  const auto one = threads.system().spawn(clerk);
  threads.control().move_to(loop);
  threads.control().run();
  const auto begun = net::clock::now();
  caf::anon_send(one, alarm_in{50ms, &rings});
  caf::anon_send(one, alarm_in{1h, &rings});
  threads.control().run();
  CHECK(loop.due.load() >= begun + 50ms);
  CHECK(loop.due.load() < begun + 30s);
  CHECK(rings == 0);
  CHECK(tests::eventually(10s, [&] {
    threads.control().run();
    return rings == 1;
  }));
  CHECK(loop.due.load() > begun + 30min);
  const int before = loop.wakes;
  auto* self = caf::actor_cast<caf::abstract_actor*>(one);
  for (int i = 0; i < 100; ++i) threads.control().clock().cancel_timeouts(self);
  CHECK(loop.wakes == before);
  caf::anon_send(one, leave{});
  // What is due in an hour must not keep the end.
  threads.control().clock().cancel_all();
  threads.control().run();
  threads.control().move_home();
}

TEST_CASE("control_unit: whom its turns want awake is woken behind their answers, once, or when the work goes home") {
  struct counting final : sleeper {
    void wake() override { ++woken; }
    int woken = 0;
  } whom;
  actor_threads threads{{}};
  hand_loop loop;
  const auto one = threads.system().spawn(clerk);
  threads.control().move_to(loop);
  const auto turn = [&] {
    caf::anon_send(one, rouse{&whom});
    threads.control().run();
  };
  turn();
  turn();
  CHECK(whom.woken == 0);
  CHECK(loop.behind == 1);
  threads.control().follow_up();
  CHECK(whom.woken == 1);
  turn();
  CHECK(loop.behind == 2);
  threads.control().move_home();
  CHECK(whom.woken == 2);
  caf::anon_send(one, leave{});
}

TEST_CASE("control_unit: work that was queued while nobody turned the loop is done at home") {
  std::atomic<int> rings{0};
  hand_loop loop;
  {
    actor_threads threads{{}};
    const auto one = threads.system().spawn(clerk);
    threads.control().move_to(loop);
    for (int i = 0; i < 100; ++i) caf::anon_send(one, ring{&rings});
    caf::anon_send(one, leave{});
  }
  CHECK(rings == 100);
}

TEST_CASE("control_unit: many threads ask at once, while the work moves back and forth") {
  actor_threads threads{{}};
  const auto one = threads.system().spawn(clerk);
  std::atomic<int> answered{0};
  std::atomic<bool> over{false};
  std::vector<std::thread> askers;
  for (int t = 0; t < 4; ++t)
    askers.emplace_back([&] {
      caf::scoped_actor self{threads.system()};
      for (int i = 0; i < 500; ++i)
        self->request(one, 20s, thread_question{}).receive([&](std::size_t) { ++answered; }, [](const caf::error&) {});
    });
  hand_loop loop;
  std::thread mover{[&] {
    while (!over) {
      threads.control().move_to(loop);
      for (int i = 0; i < 50; ++i) threads.control().run();
      threads.control().move_home();
    }
  }};
  for (auto& a : askers) a.join();
  over = true;
  mover.join();
  CHECK(answered == 2000);
  caf::anon_send(one, leave{});
}
