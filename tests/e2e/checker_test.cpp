// The yardstick measured first: histories written by hand, legal ones and ones that must be refused.
#include "tests/support/linearizability.hpp"

#include "tests/support/berth_model.hpp"
#include "tests/support/catch.hpp"

using namespace berth::tests;

namespace {

// Operations as they are said: "client 1, from 0 to 10, opens key 0 and gets port 30000, generation 1".
stream_operation make(int client, instant from, instant to, stream_request request, stream_answer answer) {
  return {client, from, to, request, std::move(answer)};
}
stream_view idle(std::uint16_t port, std::uint64_t generation) { return {port, generation, false}; }
stream_view live(std::uint16_t port, std::uint64_t generation) { return {port, generation, true}; }

stream_request open_of(int key, int parameters = 0, conflict on_conflict = conflict::error) {
  return {stream_request::kind::open, key, parameters, on_conflict, 0};
}
stream_operation open(int client, instant from, instant to, int key, stream_view v, int parameters = 0,
                      conflict on_conflict = conflict::error) {
  return make(client, from, to, open_of(key, parameters, on_conflict), {stream_answer::kind::opened, v, false, {}});
}
stream_operation refused(int client, instant from, instant to, int key, stream_view v) {
  return make(client, from, to, open_of(key), {stream_answer::kind::refused, v, false, {}});
}
stream_operation query(int client, instant from, instant to, int key, stream_view v, bool exists) {
  return make(client, from, to, {stream_request::kind::query, key, 0, conflict::error, 0},
              {stream_answer::kind::info, v, exists, {}});
}
stream_operation list(int client, instant from, instant to, std::map<int, stream_view> streams) {
  return make(client, from, to, {stream_request::kind::list, 0, 0, conflict::error, 0},
              {stream_answer::kind::listed, {}, false, std::move(streams)});
}
stream_operation close(int client, instant from, instant to, int key, bool hit) {
  return make(client, from, to, {stream_request::kind::close, key, 0, conflict::error, 0},
              {stream_answer::kind::closed, {}, hit, {}});
}
stream_operation feed(instant from, int key, std::uint64_t generation) {
  return {99, from, never, {stream_request::kind::feed, key, 0, conflict::error, generation}, std::nullopt};
}

linearizability check(const std::vector<stream_operation>& history, instant idle_after = 0) {
  return check_linearizable(berth_model{3, idle_after}, history);
}

// A register of one number: the checker without Berth.
struct register_model {
  struct request {
    bool write = false;
    int value = 0;
  };
  using answer = int;
  using state = int;
  using op = operation<request, answer>;

  state start() const { return 0; }
  std::optional<state> apply(const state& s, const op& o) const {
    if (o.request.write) return o.request.value;
    return *o.answer == s ? std::optional{s} : std::nullopt;
  }
  std::vector<state> outcomes(const state&, const op& o) const {
    return o.request.write ? std::vector{o.request.value} : std::vector<state>{};
  }
  std::vector<state> internal(const state&, instant, const std::vector<const op*>&) const { return {}; }
  std::string fingerprint(const state& s) const { return std::to_string(s); }
  std::string describe(const op& o) const {
    return o.request.write ? "write " + std::to_string(o.request.value) : "read " + std::to_string(*o.answer);
  }
  std::string describe(const state& s) const { return std::to_string(s); }
};
register_model::op write(instant from, instant to, int value) { return {0, from, to, {true, value}, 0}; }
register_model::op lost_write(instant from, int value) { return {0, from, never, {true, value}, std::nullopt}; }
register_model::op read(instant from, instant to, int value) { return {0, from, to, {false, 0}, value}; }

}  // namespace

TEST_CASE("checker: an order is found among calls that overlap, and only among them") {
  const register_model m;
  CHECK(check_linearizable(m, {}));
  CHECK(check_linearizable(m, {write(0, 10, 1), read(5, 6, 0)}));
  CHECK(check_linearizable(m, {write(0, 10, 1), read(5, 6, 1)}));
  CHECK_FALSE(check_linearizable(m, {write(0, 10, 1), read(11, 12, 0)}));
  CHECK_FALSE(check_linearizable(m, {write(0, 10, 1), read(2, 3, 1), read(4, 5, 0)}));
  CHECK(check_linearizable(m, {write(0, 10, 1), write(0, 10, 2), read(11, 12, 1)}));
  CHECK(check_linearizable(m, {write(0, 10, 1), write(0, 10, 2), read(11, 12, 2)}));
  CHECK_FALSE(check_linearizable(m, {write(0, 10, 1), write(0, 10, 2), read(11, 12, 1), read(13, 14, 2)}));
}

TEST_CASE("checker: a call without an answer may have happened at any later time, or never, but not twice") {
  const register_model m;
  CHECK(check_linearizable(m, {lost_write(0, 1), read(5, 6, 0)}));
  CHECK(check_linearizable(m, {lost_write(0, 1), read(5, 6, 0), read(7, 8, 1)}));
  CHECK_FALSE(check_linearizable(m, {lost_write(6, 1), read(4, 5, 1)}));
  CHECK_FALSE(check_linearizable(m, {lost_write(0, 1), read(1, 2, 1), write(3, 4, 2), read(5, 6, 1)}));
}

TEST_CASE("checker: names the call that could not be placed, and stays within its bound") {
  const register_model m;
  const auto wrong = check_linearizable(m, {write(0, 1, 1), read(2, 3, 1), read(4, 5, 7), read(6, 7, 1)});
  CHECK(wrong.outcome == linearizability::verdict::not_linearizable);
  REQUIRE(wrong.stuck);
  CHECK(*wrong.stuck == 2);
  CHECK(wrong.why.find("read 7") != std::string::npos);

  // Twenty writes at once and a read of a number nobody wrote: without the memory 20! orders, with it 2^20 sets.
  std::vector<register_model::op> crowd;
  for (int i = 1; i <= 20; ++i) crowd.push_back(write(0, 1000, i));
  crowd.push_back(read(0, 1000, 21));
  const auto bounded = check_linearizable(m, crowd, 5000);
  CHECK(bounded.outcome == linearizability::verdict::gave_up);
  CHECK(bounded.visited <= 5001);
}

TEST_CASE("checker: a long history of eight clients is placed without a blow-up") {
  const register_model m;
  std::vector<register_model::op> history;
  int value = 0;
  for (instant t = 0; t < 4000; t += 10) {
    history.push_back(write(t, t + 8, ++value));
    for (int reader = 0; reader < 7; ++reader)
      history.push_back(read(t + reader, t + 9, reader < 4 ? value : value - 1));
  }
  const auto found = check_linearizable(m, history);
  CHECK(found);
  CHECK(found.visited < 200'000);
  history[history.size() / 2 / 8 * 8 + 5].answer = -1;
  CHECK(check_linearizable(m, history).outcome == linearizability::verdict::not_linearizable);
}

TEST_CASE(
    "model: an open creates, of an idle key it repeats port and generation, with other parameters it opens anew") {
  CHECK(check({open(1, 0, 1, 0, idle(30000, 1)), open(2, 2, 3, 0, idle(30000, 1))}));
  CHECK_FALSE(check({open(1, 0, 1, 0, idle(30000, 1)), open(2, 2, 3, 0, idle(30002, 2))}));
  CHECK_FALSE(check({open(1, 0, 1, 0, idle(30000, 1)), open(2, 2, 3, 0, idle(30002, 1))}));
  CHECK_FALSE(check({open(1, 0, 1, 0, idle(30000, 1)), open(2, 2, 3, 0, idle(30000, 2))}));
  CHECK(check({open(1, 0, 1, 0, idle(30000, 1), 7), open(2, 2, 3, 0, idle(30002, 2), 8)}));
  CHECK_FALSE(check({open(1, 0, 1, 0, idle(30000, 1), 7), open(2, 2, 3, 0, idle(30000, 1), 8)}));
}

TEST_CASE("model: no two keys hold one port, and no generation is used twice") {
  CHECK(check({open(1, 0, 1, 0, idle(30000, 1)), open(1, 2, 3, 1, idle(30002, 2))}));
  CHECK_FALSE(check({open(1, 0, 1, 0, idle(30000, 1)), open(1, 2, 3, 1, idle(30000, 2))}));
  CHECK_FALSE(check({open(1, 0, 1, 0, idle(30000, 5)), open(1, 2, 3, 1, idle(30002, 5))}));
  CHECK_FALSE(check({open(1, 0, 1, 0, idle(30000, 5)), close(1, 2, 3, 0, true), open(1, 4, 5, 0, idle(30000, 4))}));
}

TEST_CASE("model: only packets make a stream live, and a live one is refused, reused or replaced") {
  const auto opened = open(1, 0, 1, 0, idle(30000, 1));
  CHECK_FALSE(check({opened, query(1, 2, 3, 0, live(30000, 1), true)}));
  CHECK(check({opened, feed(2, 0, 1), query(1, 3, 4, 0, live(30000, 1), true)}));
  CHECK(check({opened, feed(2, 0, 1), query(1, 3, 4, 0, {}, false), query(1, 5, 6, 0, live(30000, 1), true)}));
  CHECK_FALSE(check({opened, feed(2, 0, 1), query(1, 3, 4, 0, live(30000, 1), true), query(1, 5, 6, 0, {}, false)}));
  CHECK_FALSE(check({opened, feed(5, 0, 1), query(1, 3, 4, 0, live(30000, 1), true)}));
  CHECK_FALSE(check({opened, feed(2, 0, 9), query(1, 3, 4, 0, live(30000, 1), true)}));
  CHECK_FALSE(check({opened, feed(2, 0, 1), query(1, 3, 4, 0, live(30002, 1), true)}));

  CHECK(check({opened, feed(2, 0, 1), refused(1, 3, 4, 0, live(30000, 1))}));
  CHECK_FALSE(check({opened, refused(1, 3, 4, 0, live(30000, 1))}));
  CHECK_FALSE(check({opened, feed(2, 0, 1), refused(1, 3, 4, 0, live(30000, 2))}));
  CHECK(check({opened, feed(2, 0, 1), open(1, 3, 4, 0, live(30000, 1), 0, conflict::reuse)}));
  CHECK(check({opened, feed(2, 0, 1), open(1, 3, 4, 0, idle(30002, 2), 0, conflict::replace)}));
  CHECK_FALSE(check({opened, feed(2, 0, 1), open(1, 3, 4, 0, live(30000, 1), 0, conflict::replace)}));
  CHECK_FALSE(
      check({opened, feed(2, 0, 1), query(1, 3, 4, 0, live(30000, 1), true), open(1, 5, 6, 0, idle(30002, 2))}));
}

TEST_CASE("model: what says that a key does not exist can not be followed by a refusal to open it") {
  // The contradiction that this project is about: nobody feeds the stream after the query.
  const auto opened = open(1, 0, 1, 0, idle(30000, 1));
  CHECK_FALSE(check({opened, query(1, 2, 3, 0, {}, false), refused(1, 4, 5, 0, live(30000, 1))}));
  CHECK_FALSE(check({opened, feed(2, 0, 1), refused(2, 3, 4, 0, live(30000, 1)), query(1, 5, 6, 0, {}, false)}));
}

TEST_CASE("model: of two closes at once exactly one hits, and a closed stream is seen by nobody") {
  const auto opened = open(1, 0, 1, 0, idle(30000, 1));
  CHECK(check({opened, close(1, 2, 9, 0, true), close(2, 3, 8, 0, false)}));
  CHECK_FALSE(check({opened, close(1, 2, 9, 0, true), close(2, 3, 8, 0, true)}));
  CHECK_FALSE(check({opened, close(1, 2, 9, 0, false), close(2, 3, 8, 0, false)}));
  CHECK(check({opened, close(1, 2, 9, 0, true), list(2, 3, 4, {})}));
  CHECK(check({opened, close(1, 2, 9, 0, true), list(2, 3, 4, {{0, idle(30000, 1)}})}));
  CHECK_FALSE(check({opened, close(1, 2, 3, 0, true), list(2, 4, 5, {{0, idle(30000, 1)}})}));
  // Seen gone, then seen again, within one close.
  CHECK_FALSE(check({opened, close(1, 2, 9, 0, true), list(2, 3, 4, {}), list(2, 5, 6, {{0, idle(30000, 1)}})}));
  CHECK_FALSE(check({opened, feed(2, 0, 1), close(1, 3, 4, 0, true), query(1, 5, 6, 0, live(30000, 1), true)}));
}

TEST_CASE("model: a list shows idle and live streams, all of them, as they are at one moment") {
  const std::vector<stream_operation> two{open(1, 0, 1, 0, idle(30000, 1)), open(1, 2, 3, 1, idle(30002, 2))};
  const auto with = [&](stream_operation o) {
    auto all = two;
    all.push_back(std::move(o));
    return check(all);
  };
  CHECK(with(list(1, 4, 5, {{0, idle(30000, 1)}, {1, idle(30002, 2)}})));
  CHECK_FALSE(with(list(1, 4, 5, {{0, idle(30000, 1)}})));
  CHECK_FALSE(with(list(1, 4, 5, {{0, idle(30000, 1)}, {1, idle(30002, 2)}, {2, idle(30004, 3)}})));
  CHECK_FALSE(with(list(1, 4, 5, {{0, live(30000, 1)}, {1, idle(30002, 2)}})));
}

TEST_CASE("model: an open that displaces makes the old stream vanish before the new one is there, never after") {
  const std::vector<stream_operation> base{open(1, 0, 1, 0, idle(30000, 1)), feed(2, 0, 1),
                                           open(1, 5, 20, 0, idle(30002, 2), 0, conflict::replace)};
  const auto with = [&](std::vector<stream_operation> more) {
    more.insert(more.begin(), base.begin(), base.end());
    return check(more);
  };
  CHECK(with({list(2, 6, 7, {{0, live(30000, 1)}}), list(2, 8, 9, {}), list(2, 10, 11, {{0, idle(30002, 2)}})}));
  CHECK_FALSE(with({list(2, 6, 7, {}), list(2, 8, 9, {{0, live(30000, 1)}})}));
  CHECK_FALSE(with({list(2, 21, 22, {})}));
}

TEST_CASE("model: a time-out takes a stream only after its deadline could have passed, and asking again delays it") {
  const auto opened = open(1, 0, 1, 0, idle(30000, 1));
  CHECK(check({opened, list(1, 100, 101, {})}, 50));
  CHECK_FALSE(check({opened, list(1, 40, 41, {})}, 50));
  CHECK_FALSE(check({opened, list(1, 100, 101, {})}, 0));
  CHECK(check({opened, list(1, 100, 101, {{0, idle(30000, 1)}})}, 50));
  CHECK_FALSE(check({opened, open(1, 45, 46, 0, idle(30000, 1)), list(1, 60, 61, {})}, 50));
  CHECK_FALSE(check({opened, feed(30, 0, 1), query(1, 31, 32, 0, live(30000, 1), true), list(1, 60, 61, {})}, 50));
  CHECK(check({opened, feed(30, 0, 1), query(1, 31, 32, 0, live(30000, 1), true), list(1, 80, 81, {})}, 50));
}

TEST_CASE("model: an open whose answer was lost may have opened, what it opened is learned from the next answer") {
  const stream_operation lost{1, 0, never, open_of(0), std::nullopt};
  CHECK(check({lost, list(2, 5, 6, {})}));
  CHECK(check({lost, list(2, 5, 6, {{0, idle(30000, 1)}}), open(2, 7, 8, 0, idle(30000, 1))}));
  CHECK_FALSE(check({lost, list(2, 5, 6, {{0, idle(30000, 1)}}), open(2, 7, 8, 0, idle(30002, 2))}));
}
