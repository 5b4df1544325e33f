// The end of threads and actors, with the releases that come late.
#include "actors/stream/actor_threads.hpp"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "actors/contract/message.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/condition.hpp"

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::thread::id)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<std::thread::id>)

using namespace berth;
using namespace berth::actors;
using namespace std::chrono_literals;

namespace {

struct go_away {
  using answer = nothing;
};

/// An actor on a reactor whose destructor says that it ran.
class guest final : public hosted_actor<actor_of<go_away>> {
 public:
  guest(caf::actor_config& config, const berth_host& host, std::atomic<bool>* gone)
      : hosted_actor(config, host), gone_(gone) {}
  ~guest() override { *gone_ = true; }

  behavior make_behavior() override {
    return {[this](const go_away&) { quit(); }};
  }
  void on_ready(std::uint32_t, std::uint32_t, net::time_point) override {}
  void on_timer(std::uint32_t, net::time_point) override {}

 private:
  std::atomic<bool>* gone_;
};

/// A job of the system's workers that is no actor, so nobody waits for it: what a mailbox element is that is destroyed
/// after its actor has ended. It lets go of what it holds some time after `begun`.
class late_release final : public caf::resumable, public caf::ref_counted {
 public:
  late_release(caf::strong_actor_ptr held, std::atomic<bool>& begun) : held_(std::move(held)), begun_(begun) {}

  resume_result resume(caf::execution_unit*, std::size_t) override {
    while (!begun_) std::this_thread::yield();
    // The delay is the fault that is injected, no condition is waited for.
    std::this_thread::sleep_for(100ms);
    held_.reset();
    return done;
  }
  void intrusive_ptr_add_ref_impl() override { ref(); }
  void intrusive_ptr_release_impl() override { deref(); }

 private:
  caf::strong_actor_ptr held_;
  std::atomic<bool>& begun_;
};

struct where_question {
  using answer = std::thread::id;
};
struct report_question {
  using answer = std::vector<std::thread::id>;
};
using asked_actor = actor_of<where_question, report_question, go_away>;

/// Asks, on its reactor, an actor that does not live there; the answer to its own question waits for that one.
class asking_guest final : public hosted_actor<actor_of<where_question, go_away>> {
 public:
  asking_guest(caf::actor_config& config, const berth_host& host, asked_actor whom)
      : hosted_actor(config, host), whom_(std::move(whom)) {}

  behavior make_behavior() override {
    return {[this](const where_question&) {
              auto promise = make_response_promise<std::thread::id>();
              request(whom_, caf::infinite, where_question{})
                  .then([promise](const std::thread::id&) mutable { promise.deliver(std::this_thread::get_id()); },
                        [promise](const caf::error&) mutable { promise.deliver(std::thread::id{}); });
              return promise;
            },
            [this](const go_away&) { quit(); }};
  }
  void on_ready(std::uint32_t, std::uint32_t, net::time_point) override {}
  void on_timer(std::uint32_t, net::time_point) override {}

 private:
  asked_actor whom_;
};

/// Notes the threads that it runs on: when it is asked, when an answer comes, when somebody that it watches has ended.
struct noting_state {
  std::vector<std::thread::id> threads;
};
asked_actor::behavior_type noting(asked_actor::stateful_pointer<noting_state> self) {
  self->set_down_handler([self](const caf::down_msg&) { self->state.threads.push_back(std::this_thread::get_id()); });
  return {[self](const where_question&) {
            self->state.threads.push_back(std::this_thread::get_id());
            if (self->current_sender()) self->monitor(caf::actor_cast<caf::strong_actor_ptr>(self->current_sender()));
            return std::this_thread::get_id();
          },
          [self](const report_question&) { return self->state.threads; }, [self](const go_away&) { self->quit(); }};
}

}  // namespace

TEST_CASE("actor_threads: what a hosted actor wakes runs on the system's threads, never on its reactor") {
  actor_threads threads{{.reactors = 1}};
  {
    caf::scoped_actor self{threads.system()};
    const auto noter = threads.system().spawn(noting);
    constexpr int rounds = 200;
    std::thread::id reactor;
    for (int i = 0; i < rounds; ++i) {
      auto guest = threads.system().spawn<asking_guest>(threads.place(), noter);
      self->request(guest, 10s, where_question{})
          .receive([&](const std::thread::id& id) { reactor = id; }, [](const caf::error&) { FAIL("no answer"); });
      caf::anon_send(guest, go_away{});
    }
    std::vector<std::thread::id> seen;
    const auto all_are_down = [&] {
      self->request(noter, 10s, report_question{})
          .receive([&](const std::vector<std::thread::id>& ids) { seen = ids; }, [](const caf::error&) {});
      return seen.size() == 2 * rounds;
    };
    CHECK(tests::eventually(10s, all_are_down));
    CHECK(std::count(seen.begin(), seen.end(), reactor) == 0);
    CHECK(reactor != std::thread::id{});
    caf::anon_send(noter, go_away{});
  }
}

TEST_CASE("actor_threads: an actor that is let go of late has its reactor until then") {
  std::atomic<bool> gone{false};
  std::atomic<bool> end_begun{false};
  {
    actor_threads threads{{.reactors = 1}};
    auto actor = threads.system().spawn<guest>(threads.place(), &gone);
    CHECK(threads.reactors()[0]->load() == 1);
    auto* job = new late_release{caf::actor_cast<caf::strong_actor_ptr>(actor), end_begun};
    threads.system().scheduler().enqueue(job);
    caf::anon_send(actor, go_away{});
    actor = nullptr;
    end_begun = true;
  }
  CHECK(gone);
}

TEST_CASE("actor_threads: new actors go where the fewest are") {
  std::atomic<bool> gone{false};
  actor_threads threads{{.reactors = 2}};
  auto first = threads.system().spawn<guest>(threads.place(), &gone);
  auto second = threads.system().spawn<guest>(threads.place(), &gone);
  CHECK(threads.reactors()[0]->load() == 1);
  CHECK(threads.reactors()[1]->load() == 1);
  for (const auto& a : {first, second}) caf::anon_send(a, go_away{});
}
