// Answers that come later, and those that nobody gives.
#include "actors/contract/promise.hpp"

#include <functional>
#include <vector>

#include "actors/contract/message.hpp"
#include "actors/contract/spawning.hpp"
#include "tests/support/actor_lab.hpp"
#include "tests/support/catch.hpp"

using namespace berth::actors;
using namespace berth::tests;

namespace {

struct riddle {
  using answer = outcome<int>;
};
struct act {
  using answer = nothing;

  std::function<void(std::vector<promise<outcome<int>>>&)> on;
};

/// Keeps every question that it is asked, until it is told what to do with them.
class keeper {
 public:
  using handle = actor_of<riddle, act>;
  using self_pointer = handle::stateful_pointer<keeper>;
  static inline const char* name = "keeper";
  explicit keeper(self_pointer self) : self_(self) {}
  handle::behavior_type start() {
    return {[this](const riddle&) -> caf::result<outcome<int>> {
              const promise<outcome<int>> later{self_};
              kept_.push_back(later);
              return later;
            },
            [this](const act& a) { a.on(kept_); }};
  }

 private:
  self_pointer self_;
  std::vector<promise<outcome<int>>> kept_;
};

struct fixture {
  ~fixture() {
    caf::anon_send_exit(asked, caf::exit_reason::kill);
    lab.run();
  }
  void tell(std::function<void(std::vector<promise<outcome<int>>>&)> what) {
    caf::anon_send(asked, act{std::move(what)});
    lab.run();
  }
  /// The answer to a question, if there is one by now.
  template <class Pending>
  std::optional<outcome<int>> answer(Pending& pending) {
    std::optional<outcome<int>> found;
    lab.run();
    if (lab.self->mailbox().empty()) return found;
    pending.receive([&](const outcome<int>& a) { found = a; }, [](const caf::error&) { FAIL("an error of CAF's"); });
    return found;
  }

  actor_lab lab;
  keeper::handle asked = spawn<keeper>(lab.system);
};

}  // namespace

TEST_CASE("promise: a question stays open until it is answered, and the first answer counts") {
  fixture f;
  auto pending = f.lab.self->request(f.asked, caf::infinite, riddle{});
  CHECK_FALSE(f.answer(pending));
  f.tell([](auto& kept) {
    const auto copy = kept[0];
    copy.deliver(7);
    kept[0].deliver(8);
  });
  const auto got = f.answer(pending);
  REQUIRE(got);
  CHECK(**got == 7);
  f.tell([](auto& kept) { kept.clear(); });
  CHECK(f.lab.self->mailbox().empty());
}

TEST_CASE("promise: whoever lets go of the last copy answers with why") {
  fixture f;
  auto pending = f.lab.self->request(f.asked, caf::infinite, riddle{});
  std::optional<promise<outcome<int>>> copy;
  f.tell([&](auto& kept) {
    copy = kept[0];
    kept.clear();
  });
  CHECK_FALSE(f.answer(pending));
  copy.reset();
  const auto got = f.answer(pending);
  REQUIRE(got);
  REQUIRE_FALSE(got->has_value());
  CHECK(got->error().code == errc::internal);
  CHECK(got->error().text == "keeper has ended without an answer");
}

TEST_CASE("promise: an actor that is killed leaves no question open") {
  fixture f;
  auto first = f.lab.self->request(f.asked, caf::infinite, riddle{});
  f.lab.run();
  caf::anon_send_exit(f.asked, caf::exit_reason::kill);
  const auto got = f.answer(first);
  REQUIRE(got);
  CHECK(got->error().code == errc::internal);
}

TEST_CASE("promise: what was only sent gets no answer") {
  fixture f;
  f.lab.self->send(f.asked, riddle{});
  f.lab.run();
  f.tell([](auto& kept) {
    REQUIRE(kept.size() == 1);
    kept[0].deliver(1);
    kept.clear();
  });
  CHECK(f.lab.self->mailbox().empty());
}
