#include "actors/contract/asker.hpp"

#include <optional>
#include <thread>

#include "tests/support/actor_lab.hpp"
#include "tests/support/catch.hpp"

using namespace berth;
using namespace berth::actors;
using namespace berth::tests;
using namespace std::chrono_literals;

namespace {

using doubler = caf::typed_actor<caf::replies_to<int>::with<int>>;

doubler::behavior_type doubles(doubler::pointer) {
  return {[](int n) -> caf::result<int> {
    if (n < 0) return caf::make_error(caf::sec::invalid_argument);
    return 2 * n;
  }};
}

struct asked {
  int answers = 0;
  std::optional<int> value;
  caf::error error;

  std::function<void(caf::expected<int>)> note() {
    return [this](caf::expected<int> e) {
      ++answers;
      if (e)
        value = *e;
      else
        error = e.error();
    };
  }
};

}  // namespace

TEST_CASE("each answer finds the request that it belongs to") {
  actor_lab lab{3};
  const auto by = make_asker(lab.system);
  auto to = lab.system.spawn(doubles);
  std::vector<asked> all(50);
  for (int i = 0; i < 50; ++i) by->ask<int>(to, i, lab.now() + 1s, all[static_cast<std::size_t>(i)].note());
  lab.run();
  for (int i = 0; i < 50; ++i) {
    CHECK(all[static_cast<std::size_t>(i)].answers == 1);
    CHECK(all[static_cast<std::size_t>(i)].value == 2 * i);
  }
  caf::anon_send_exit(to, caf::exit_reason::kill);
  lab.run();
}

TEST_CASE("an error is an answer, and so is the end of whoever was asked, before or after the request") {
  actor_lab lab;
  const auto by = make_asker(lab.system);
  auto to = lab.system.spawn(doubles);
  asked refused, overtaken, late;
  by->ask<int>(to, -1, lab.now() + 1s, refused.note());
  lab.run();
  CHECK(refused.answers == 1);
  CHECK(refused.error == caf::sec::invalid_argument);

  caf::anon_send_exit(to, caf::exit_reason::kill);
  by->ask<int>(to, 1, lab.now() + 1s, overtaken.note());
  lab.run();
  CHECK(overtaken.answers == 1);
  by->ask<int>(to, 1, lab.now() + 1s, late.note());
  lab.run();
  CHECK(late.answers == 1);
  CHECK(late.error == caf::sec::request_receiver_down);
}

TEST_CASE("a request past its deadline is ended once, and its late answer is not heard") {
  actor_lab lab;
  const auto by = make_asker(lab.system);
  auto to = lab.system.spawn(doubles);
  asked soon, patient;
  by->ask<int>(to, 1, lab.now() + 1s, soon.note());
  by->ask<int>(to, 2, lab.now() + 10s, patient.note());
  by->expire(lab.now() + 500ms);
  CHECK(soon.answers == 0);
  by->expire(lab.now() + 1s);
  CHECK(soon.answers == 1);
  CHECK(soon.error == caf::sec::request_timeout);
  lab.run();
  CHECK(soon.answers == 1);
  CHECK(patient.value == 4);
  caf::anon_send_exit(to, caf::exit_reason::kill);
  lab.run();
}

TEST_CASE("many threads ask at once, and none of them is remembered by CAF") {
  caf::actor_system_config config;
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-threads", std::size_t{2});
  std::atomic<int> right{0};
  {
    caf::actor_system system{config};
    const auto by = make_asker(system);
    auto to = system.spawn(doubles);
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < 500; ++i)
          by->ask<int>(to, t * 1000 + i, net::clock::now() + 60s,
                       [&right, wanted = 2 * (t * 1000 + i)](caf::expected<int> e) {
                         if (e && *e == wanted) ++right;
                       });
      });
    for (auto& t : threads) t.join();
    while (right < 4000) std::this_thread::yield();
    caf::anon_send_exit(to, caf::exit_reason::kill);
  }
  CHECK(right == 4000);
}
