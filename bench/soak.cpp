// berth-bench soak: cameras, comings and goings and queries at once, and a verdict at the end.
#include <iostream>

#include "bench/api_client.hpp"
#include "bench/camera_fleet.hpp"
#include "bench/churn_load.hpp"
#include "bench/settings.hpp"

namespace berth::bench {
namespace {

namespace po = boost::program_options;
using namespace std::chrono_literals;

constexpr std::uint64_t streams_before_judgement = 10'000;
constexpr double most_growth = 256;  // bytes

po::options_description soak_options() {
  po::options_description all{"soak"};
  auto add = all.add_options();
  add("cameras", po::value<std::size_t>()->default_value(200), "that send all the time");
  add("rate", po::value<double>()->default_value(100), "further streams that come and go, a second");
  add("seconds", po::value<double>()->default_value(60), "how long");
  return all;
}

int run_soak(const settings& s, const po::variables_map& given) {
  const target server{s};
  const auto& to = server.address();
  const auto count = given["cameras"].as<std::size_t>();
  const auto time = std::chrono::milliseconds{static_cast<long>(given["seconds"].as<double>() * 1000)};
  api_client client{to};
  std::vector<net::endpoint> targets;
  for (std::size_t i = 0; i < count; ++i) {
    const auto port = client.open("soak" + std::to_string(i), "&timeout_sec=60");
    if (!port)
      throw std::runtime_error("the server opened " + std::to_string(i) + " of " + std::to_string(count) + " streams");
    targets.push_back(to.http.with_port(*port));
  }

  churn_options o;
  o.opens_per_second = given["rate"].as<double>();
  o.processor = s.load_processor;
  churn_load churn{to, o};
  fleet_options f;
  f.processor = s.load_processor;
  camera_fleet fleet{f, targets};
  latency_histogram queries;
  std::uint64_t failed_queries = 0, unseen = 0;
  std::atomic<bool> over{false};
  churn.start();
  std::thread asking{[&] {
    api_client asker{to};
    std::this_thread::sleep_for(1s);  // the cameras have begun
    for (std::size_t i = 0; !over; ++i) {
      const auto asked = std::chrono::steady_clock::now();
      const auto exists = asker.query("soak" + std::to_string(i % count));
      queries.record(std::chrono::steady_clock::now() - asked);
      if (!exists) ++failed_queries;
      if (exists == false) ++unseen;
      std::this_thread::sleep_for(5ms);
    }
  }};
  const auto sent = fleet.run(time);
  over = true;
  asking.join();
  const auto churned = churn.stop();
  std::uint64_t received = 0, datagrams = UINT64_MAX, drops = 0;
  for (int i = 0; i < 50; ++i) {
    const auto r = client.received();
    if (!r) break;
    received = r->packets, drops = r->kernel_drops;
    if (std::exchange(datagrams, r->datagrams) == r->datagrams) break;
    std::this_thread::sleep_for(100ms);
  }
  for (std::size_t i = 0; i < count; ++i) client.close("soak" + std::to_string(i));

  report table{"Soak of " + to.name + ": " + std::to_string(count) + " cameras, " + short_number(o.opens_per_second) +
                   " opens a second, " + std::to_string(time.count() / 1000) + " s",
               {"figure"}};
  std::vector<std::string> faults;
  const auto figure = [&](const std::string& name, double value, bool bad) {
    table.add(name, {value});
    if (bad) faults.push_back(name + " is " + short_number(value));
  };
  const auto number = [](std::uint64_t n) { return static_cast<double>(n); };
  figure("packets offered", number(sent.offered), sent.offered == 0);
  figure("packets not received", number(sent.offered) - number(received), sent.offered != received);
  figure("kernel drops", number(drops), drops != 0);
  figure("sends that failed", number(sent.failed_sends), sent.failed_sends != 0);
  figure("streams that came and went", number(churned.opened), churned.opened == 0);
  figure("opens and closes that failed", number(churned.failed_opens + churned.failed_closes),
         churned.failed_opens + churned.failed_closes != 0);
  figure("streams seen after their close", number(churned.wrong_answers), churned.wrong_answers != 0);
  figure("streams not reclaimed", number(churned.never_taken_back), churned.never_taken_back != 0);
  figure("reclaim, max ms", churned.reclaim.max_us() / 1000, churned.reclaim.max_us() > 1e6);
  figure("queries that failed", number(failed_queries), failed_queries != 0);
  figure("cameras that a query did not see", number(unseen), unseen != 0);
  figure("query p50 us", queries.percentile_us(0.5), false);
  figure("query p99 us", queries.percentile_us(0.99), false);
  figure("open p99 us", churned.open_latency.percentile_us(0.99), false);
  // A server may remember its last thousands of events: memory is judged only behind them.
  const double grown = churned.bytes_per_stream();
  const bool long_enough = churned.opened >= 2 * streams_before_judgement;
  figure("growth of memory, bytes a stream", grown, long_enough && grown > most_growth);
  if (!long_enough)
    table.note("too short to judge memory: " + std::to_string(2 * streams_before_judgement) + " streams would do");
  for (const auto& fault : faults) table.note("FAULT: " + fault);
  table.note(faults.empty() ? "verdict: sound" : "verdict: not sound");
  s.print({table});
  return faults.empty() ? 0 : 1;
}

}  // namespace

const subcommand soak_command{"soak", "all of it at once, with a verdict", soak_options, run_soak};

}  // namespace berth::bench
