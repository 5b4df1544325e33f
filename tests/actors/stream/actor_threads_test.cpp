// The end of threads and actors, with the releases that come late.
#include "actors/stream/actor_threads.hpp"

#include <atomic>
#include <thread>

#include "actors/contract/message.hpp"
#include "tests/support/catch.hpp"

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

}  // namespace

TEST_CASE("actor_threads: an actor that is let go of late has its reactor until then") {
  std::atomic<bool> gone{false};
  std::atomic<bool> end_begun{false};
  {
    actor_threads threads{{.workers = 2, .reactors = 1}};
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
  actor_threads threads{{.workers = 1, .reactors = 2}};
  auto first = threads.system().spawn<guest>(threads.place(), &gone);
  auto second = threads.system().spawn<guest>(threads.place(), &gone);
  CHECK(threads.reactors()[0]->load() == 1);
  CHECK(threads.reactors()[1]->load() == 1);
  for (const auto& a : {first, second}) caf::anon_send(a, go_away{});
}
