// Many clients at once: what they are told has to fit one order of events, and nothing may be left over.
#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "tests/e2e/node.hpp"
#include "tests/support/berth_model.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/long_run.hpp"
#include "tests/support/sanitized.hpp"

using namespace berth::tests;

namespace {

instant now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// Runs `work(client)` on as many threads at once; a thrown exception fails the test.
template <class Work>
void at_once(int clients, Work work) {
  std::vector<std::thread> threads;
  std::mutex lock;
  std::string failed;
  for (int c = 0; c < clients; ++c)
    threads.emplace_back([&, c] {
      try {
        work(c);
      } catch (const std::exception& e) {
        const std::lock_guard held{lock};
        failed += std::string{e.what()} + "\n";
      }
    });
  for (auto& t : threads) t.join();
  INFO(failed);
  REQUIRE(failed.empty());
}

stream_view view_of(const object& o) {
  if (!o.contains("port")) return {};
  const auto state = text(o, "state");
  return {static_cast<std::uint16_t>(number(o, "port")), static_cast<std::uint64_t>(number(o, "generation")),
          state == "active" || state == "stalled"};
}

/// One client of a history: calls, and writes down what it was told and when.
class recorder {
 public:
  recorder(const node& n, int client, std::atomic<bool>& strange)
      : peer_(n.daemon.http_port(), n.daemon.secret()),
        client_(client),
        camera_(0x1000U + static_cast<std::uint32_t>(client)),
        strange_(strange) {}

  void open(int key, int parameters, conflict on_conflict) {
    static constexpr std::array<const char*, 3> policies{"error", "reuse", "replace"};
    record({stream_request::kind::open, key, parameters, on_conflict, 0}, "openRtpServer",
           {{"stream_id", std::to_string(key)},
            {"port", "0"},
            {"only_track", std::to_string(parameters)},
            {"on_conflict", policies[static_cast<std::size_t>(on_conflict)]}},
           [&](const object& o) {
             const auto code = number(o, "code");
             stream_answer a{
                 code == 0 ? stream_answer::kind::opened : stream_answer::kind::refused, view_of(o), false, {}};
             if (code == -400) a.what = stream_answer::kind::no_port;
             if (code != 0 && code != -300) strange_ = true;
             if (code == 0) known_ = a.stream, known_key_ = key;
             return a;
           });
  }
  void query(int key) {
    record({stream_request::kind::query, key, 0, conflict::error, 0}, "getRtpInfo",
           {{"stream_id", std::to_string(key)}}, [](const object& o) {
             return stream_answer{stream_answer::kind::info, view_of(o), flag(o, "exist"), {}};
           });
  }
  void list() {
    record({stream_request::kind::list, 0, 0, conflict::error, 0}, "listRtpServer", {}, [](const object& o) {
      stream_answer a{stream_answer::kind::listed, {}, false, {}};
      for (const auto& item : o.at("data").as_array())
        a.streams[std::stoi(text(item.as_object(), "stream_id"))] = view_of(item.as_object());
      return a;
    });
  }
  void close(int key) {
    record({stream_request::kind::close, key, 0, conflict::error, 0}, "closeRtpServer",
           {{"stream_id", std::to_string(key)}}, [](const object& o) {
             return stream_answer{stream_answer::kind::closed, {}, number(o, "hit") == 1, {}};
           });
  }
  /// A packet to the stream that this client has opened last. It takes effect some time later, or never.
  void feed() {
    if (known_.port == 0) return;
    history.push_back({client_,
                       now_ns(),
                       never,
                       {stream_request::kind::feed, known_key_, 0, conflict::error, known_.generation},
                       {}});
    camera_.send(known_.port);
  }

  std::vector<stream_operation> history;

 private:
  template <class Read>
  void record(stream_request request, const char* name, const text_pairs& arguments, Read read) {
    const auto invoked = now_ns();
    const auto answer = peer_.call(name, arguments);
    const auto returned = now_ns();
    history.push_back({client_, invoked, returned, request, read(answer)});
  }

  peer_face peer_;
  int client_;
  rtp_sender camera_;
  std::atomic<bool>& strange_;
  stream_view known_;
  int known_key_ = 0;
};

/// What was known when the `count`th operation was invoked: later ones are left out, unfinished ones are pending.
std::vector<stream_operation> first_operations(std::vector<stream_operation> history, std::size_t count) {
  std::sort(history.begin(), history.end(), [](const auto& a, const auto& b) { return a.invoked < b.invoked; });
  const auto cut = history.at(count).invoked;
  history.resize(count);
  for (auto& o : history)
    if (o.returned > cut) o.answer.reset();
  return history;
}

struct figures {
  std::size_t descriptors, threads, bytes;
};
figures figures_of(const daemon_process& d) { return {d.descriptors(), d.threads(), d.resident_bytes()}; }

}  // namespace

TEST_CASE("race: sixteen clients open one idle key, 150 rounds: 2,400 times code 0, and one port a round", "[heavy]") {
  const auto run = GENERATE(range(0, at_length(1)));
  INFO("run " << run);
  constexpr int clients = 16, rounds = 150;
  node n{{}, 200};
  std::vector<std::vector<object>> answers(clients);
  std::barrier round{clients};
  at_once(clients, [&](int c) {
    peer_face peer{n.daemon.http_port(), n.daemon.secret()};
    for (int r = 0; r < rounds; ++r) {
      round.arrive_and_wait();
      answers[static_cast<std::size_t>(c)].push_back(
          peer.call("openRtpServer", {{"port", "0"}, {"stream_id", "cam" + std::to_string(r)}}));
    }
  });
  std::size_t good = 0;
  std::set<std::int64_t> ports;
  for (std::size_t r = 0; r < rounds; ++r) {
    std::set<std::pair<std::int64_t, std::int64_t>> told;
    for (const auto& a : answers) {
      good += number(a[r], "code") == 0 ? 1 : 0;
      told.emplace(number(a[r], "port"), number(a[r], "generation"));
    }
    CHECK(told.size() == 1);
    ports.insert(told.begin()->first);
  }
  CHECK(good == clients * rounds);
  CHECK(ports.size() == rounds);
  CHECK(n.call("listRtpServer").at("data").as_array().size() == rounds);
}

TEST_CASE("race: sixteen clients close one stream, 100 rounds: one hit a round", "[heavy]") {
  const auto run = GENERATE(range(0, at_length(1)));
  INFO("run " << run);
  constexpr int clients = 16, rounds = 100;
  node n{{}, 200};
  for (int r = 0; r < rounds; ++r) n.port_of("cam" + std::to_string(r));
  std::vector<std::atomic<int>> hits(rounds);
  std::barrier round{clients};
  at_once(clients, [&](int) {
    peer_face peer{n.daemon.http_port(), n.daemon.secret()};
    for (int r = 0; r < rounds; ++r) {
      round.arrive_and_wait();
      hits[static_cast<std::size_t>(r)] +=
          static_cast<int>(number(peer.call("closeRtpServer", {{"stream_id", "cam" + std::to_string(r)}}), "hit"));
    }
  });
  for (const auto& h : hits) CHECK(h == 1);
}

TEST_CASE("race: what eight clients are told over HTTP is linearizable", "[heavy]") {
  const auto run = GENERATE(range(0, at_length(1)));
  INFO("run " << run);
  constexpr int clients = 8, keys = 3, calls = 250;
  // A second of idle time, so that time-outs take part; ports enough that none is used twice.
  node n{{{"rtp_proxy.timeoutSec", "1"}, {"rtp_proxy.stall_ms", "500"}, {"berth.log_level", "warn"}}, 2000};
  std::random_device seed;
  const auto first_seed = seed();
  INFO("seed " << first_seed);
  std::atomic<bool> strange{false};
  std::vector<std::vector<stream_operation>> histories(clients);
  at_once(clients, [&](int c) {
    std::mt19937 random{first_seed + static_cast<unsigned>(c)};
    recorder client{n, c, strange};
    for (int i = 0; i < calls; ++i) {
      // The last key is never closed by a call: only displaced, or timed out.
      const int key = static_cast<int>(random() % keys);
      const auto dice = random() % 100;
      if (dice < 35)
        client.open(key, random() % 10 == 0 ? 1 : 0,
                    dice < 20   ? conflict::error
                    : dice < 33 ? conflict::reuse
                                : conflict::replace);
      else if (dice < 55)
        client.query(key);
      else if (dice < 70)
        client.list();
      else if (dice < 80)
        client.feed();
      else if (key != keys - 1)
        client.close(key);
      else
        client.query(key);
      if (i % 80 == 79 && c == 0) {
        // One client goes on alone for a while: silence for the others' streams.
        throughout(1200ms, [&] {
          client.list();
          return true;
        });
      }
    }
    histories[static_cast<std::size_t>(c)] = std::move(client.history);
  });
  CHECK_FALSE(strange);
  std::vector<stream_operation> history;
  for (auto& h : histories) history.insert(history.end(), h.begin(), h.end());
  const auto from = std::min_element(history.begin(), history.end(), [](const auto& a, const auto& b) {
                      return a.invoked < b.invoked;
                    })->invoked;
  for (auto& o : history) {
    o.invoked -= from;
    if (o.returned != never) o.returned -= from;
  }
  const berth_model model{keys, 1'000'000'000};
  const auto result = check_linearizable(model, history);
  INFO(history.size() << " operations, " << result.visited << " configurations\n" << result.why);
  CHECK(result);

  // The clients have met all that the model knows.
  const auto told = [&](auto matches) { return std::count_if(history.begin(), history.end(), matches); };
  using ask = stream_request::kind;
  using tell = stream_answer::kind;
  const auto reused =
      told([](const auto& o) { return o.answer && o.answer->what == tell::opened && o.answer->stream.live; });
  const auto refused = told([](const auto& o) { return o.answer && o.answer->what == tell::refused; });
  const auto existing = told([](const auto& o) { return o.answer && o.answer->what == tell::info && o.answer->hit; });
  const auto hits = told([](const auto& o) { return o.answer && o.answer->what == tell::closed && o.answer->hit; });
  const auto misses = told([](const auto& o) { return o.answer && o.request.what == ask::close && !o.answer->hit; });
  const auto empty =
      told([](const auto& o) { return o.answer && o.answer->what == tell::listed && o.answer->streams.empty(); });
  INFO(reused << " reused, " << refused << " refused, " << existing << " existing, " << hits << " hits, " << misses
              << " misses, " << empty << " empty lists");
  CHECK(std::min({reused, refused, existing, hits, misses, empty}) > 0);

  // The yardstick itself: of the first calls one answer is falsified, and there is no order any more.
  auto first = first_operations(history, 150);
  CHECK(check_linearizable(model, first));
  // One that no unanswered open can explain, and a generation that nothing has.
  instant unanswered = never;
  for (const auto& o : first)
    if (!o.answer && o.request.what == ask::open) unanswered = std::min(unanswered, o.invoked);
  const auto lie = std::find_if(first.rbegin(), first.rend(), [&](const stream_operation& o) {
    return o.answer && o.answer->what == tell::opened && o.returned < unanswered;
  });
  REQUIRE(lie != first.rend());
  REQUIRE(lie->answer->stream.generation > 0);
  lie->answer->stream.generation = 0;
  CHECK(check_linearizable(model, first).outcome == linearizability::verdict::not_linearizable);
}

TEST_CASE("race: exist:false is never followed by a refusal for a key that nobody feeds", "[heavy]") {
  const auto run = GENERATE(range(0, at_length(1)));
  INFO("run " << run);
  constexpr int clients = 8, rounds = 200;
  node n{{{"rtp_proxy.quarantine_sec", "0"}}};
  std::atomic<int> contradictions{0}, failures{0};
  at_once(clients, [&](int) {
    peer_face peer{n.daemon.http_port(), n.daemon.secret()};
    for (int r = 0; r < rounds; ++r) {
      const bool exists = flag(peer.call("getRtpInfo", {{"stream_id", "cam"}}), "exist");
      const auto opened = number(peer.call("openRtpServer", {{"port", "0"}, {"stream_id", "cam"}}), "code");
      if (exists || opened == -300) ++contradictions;
      if (opened != 0) ++failures;
      if (r % 3 == 0) peer.call("closeRtpServer", {{"stream_id", "cam"}});
    }
  });
  CHECK(contradictions == 0);
  CHECK(failures == 0);
}

TEST_CASE("leaks: 3,000 open and close cycles and 300 failing opens leave descriptors, threads and memory as they were",
          "[heavy]") {
  node n{{{"rtp_proxy.quarantine_sec", "0"}, {"berth.log_level", "warn"}, {"alarm.min_opens", "1000000"}}, 32};
  rtp_sender camera;
  int made = 0;
  const auto cycle = [&](int count) {
    for (int i = 0; i < count; ++i) {
      const auto id = "cam" + std::to_string(made++);
      const bool tcp = i % 3 == 0;
      const auto port = n.port_of(id, {{"tcp_mode", tcp ? "1" : "0"}});
      if (i % 10 == 0) camera.send(port);
      if (i % 10 == 3 && tcp) rtp_tcp_sender{port, tcp_prefix::two_bytes}.send(1);
      REQUIRE(n.close(id) == 1);
    }
  };
  // Everything that has a bound finds its size first; the event log does so at ten thousand events, two a cycle.
  cycle(5500);
  const auto before = figures_of(n.daemon);
  cycle(at_length(3000));
  const auto taken = foreign_udp_socket(n.daemon.ports().first());
  for (int i = 0; i < 300; ++i) {
    const text_pairs explicit_port{{"port", std::to_string(n.daemon.ports().first())}};
    REQUIRE(number(n.open("failing", i % 2 == 0 ? explicit_port : text_pairs{{"local_ip", "192.0.2.1"}}), "code") ==
            -400);
  }
  CHECK(eventually(soon, [&] { return n.daemon.descriptors() <= before.descriptors; }));
  const auto after = figures_of(n.daemon);
  INFO("before: " << before.descriptors << " descriptors, " << before.threads << " threads, " << before.bytes / 1024
                  << " KiB; after: " << after.descriptors << ", " << after.threads << ", " << after.bytes / 1024
                  << " KiB");
  CHECK(after.descriptors <= before.descriptors);
  CHECK(after.threads == before.threads);
  // The address sanitizer keeps what was freed; what was not, it reports at the end.
  if (!sanitized) CHECK(after.bytes < before.bytes + 2 * 1024 * 1024);
  const auto ports = n.v1.ports();
  CHECK(number(ports, "leased") == 0);
  CHECK(number(ports, "free") == number(ports, "size"));
  CHECK(n.daemon.udp_sockets() == 0);
  CHECK(n.daemon.stop().status == 0);
}
