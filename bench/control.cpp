// berth-bench control: what the API costs, call by call, over one connection and over many.
#include <algorithm>
#include <atomic>
#include <map>
#include <random>
#include <sstream>
#include <thread>

#include "bench/api_client.hpp"
#include "bench/latency_histogram.hpp"
#include "bench/process_meter.hpp"
#include "bench/settings.hpp"

namespace berth::bench {
namespace {

namespace po = boost::program_options;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr std::size_t opens_at_most = 4000;  // of one burst: the started server's range has more pairs

/// One kind of call, measured by one or many threads.
struct tally {
  latency_histogram latency;
  std::uint64_t failed = 0;

  template <class Call>
  void time(Call call) {
    const auto begin = steady_clock::now();
    if (!call()) ++failed;
    latency.record(steady_clock::now() - begin);
  }
  void merge(const tally& other) {
    latency.merge(other.latency);
    failed += other.failed;
  }
};

std::string stream_name(std::size_t i) { return "bench" + std::to_string(i); }

/// Streams that are there while others are measured: lists and look-ups have something to go through.
class population {
 public:
  population(const service_address& to, std::size_t streams) : client_(to) {
    for (std::size_t i = 0; i < streams; ++i)
      if (client_.open("standing" + std::to_string(i))) ++count_;
  }
  ~population() {
    for (std::size_t i = 0; i < count_; ++i) client_.close("standing" + std::to_string(i));
  }
  population(const population&) = delete;
  population& operator=(const population&) = delete;
  std::size_t size() const noexcept { return count_; }

 private:
  api_client client_;
  std::size_t count_ = 0;
};

struct phase {
  tally calls;
  nanoseconds elapsed{};
  double per_second() const {
    return static_cast<double>(calls.latency.count()) / std::chrono::duration<double>(elapsed).count();
  }
};

/// Every connection calls as soon as its last call is answered, until the time is over or `at_most` calls were made.
template <class Call>
phase closed_loop(const settings& s, const service_address& to, std::size_t connections, std::chrono::milliseconds time,
                  std::size_t at_most, Call call) {
  std::vector<tally> tallies(connections);
  std::atomic<std::size_t> next{0};
  std::vector<api_client> clients;
  for (std::size_t c = 0; c < connections; ++c) clients.emplace_back(to);
  phase p;
  const auto begin = steady_clock::now();
  {
    std::vector<std::jthread> threads;
    for (std::size_t c = 0; c < connections; ++c)
      threads.emplace_back([&, c] {
        if (s.load_processor >= 0) pin_this_thread(s.load_processor);
        while (steady_clock::now() - begin < time) {
          const auto n = next++;
          if (n >= at_most) break;
          tallies[c].time([&] { return call(clients[c], n); });
        }
      });
  }
  p.elapsed = steady_clock::now() - begin;
  for (const auto& t : tallies) p.calls.merge(t);
  return p;
}

/// Calls begin at fixed moments, whatever became of the ones before; a latency counts from the moment that was meant.
template <class Call>
phase open_loop(const settings& s, const service_address& to, double per_second, std::size_t connections,
                std::chrono::milliseconds time, Call call) {
  std::vector<tally> tallies(connections);
  std::atomic<std::size_t> next{0};
  const auto interval = std::chrono::duration_cast<nanoseconds>(std::chrono::duration<double>(1 / per_second));
  const auto begin = steady_clock::now() + std::chrono::milliseconds{5};
  phase p;
  {
    std::vector<std::jthread> threads;
    for (std::size_t c = 0; c < connections; ++c)
      threads.emplace_back([&, c] {
        if (s.load_processor >= 0) pin_this_thread(s.load_processor);
        api_client client{to};
        for (;;) {
          const auto n = next++;
          const auto due = begin + interval * static_cast<long>(n);
          if (due - begin >= time) break;
          std::this_thread::sleep_until(due);
          if (!call(client, n)) ++tallies[c].failed;
          tallies[c].latency.record(steady_clock::now() - due);
        }
      });
  }
  p.elapsed = time;
  for (const auto& t : tallies) p.calls.merge(t);
  return p;
}

// ---- what is measured ---------------------------------------------------------------------------------------------

/// All calls in turn on one connection, so that whatever the machine does meets all of them.
void interleaved(const settings& s, const service_address& to, std::chrono::milliseconds time, report& out) {
  if (s.load_processor >= 0) pin_this_thread(s.load_processor);
  api_client client{to};
  std::map<std::string, tally> t;
  const auto begin = steady_clock::now();
  for (std::size_t i = 0; steady_clock::now() - begin < time; ++i) {
    const auto id = stream_name(i);
    t["empty route"].time([&] { return client.empty_route(); });
    t["open"].time([&] { return client.open(id).has_value(); });
    t["query"].time([&] { return client.query(id).has_value(); });
    t["close"].time([&] { return client.close(id); });
    if (i % 16 == 0) t["list"].time([&] { return client.list(); });
  }
  const auto empty = t["empty route"].latency.percentile_us(0.5);
  for (const auto* name : {"empty route", "open", "query", "close", "list"}) {
    const auto& l = t[name].latency;
    out.add(name, {l.percentile_us(0.5), l.percentile_us(0.9), l.percentile_us(0.99), l.percentile_us(0.999),
                   l.max_us(), l.percentile_us(0.5) / empty, static_cast<double>(t[name].failed)});
  }
}

void throughput(const settings& s, const service_address& to, std::size_t connections, std::chrono::milliseconds time,
                report& out) {
  const auto used_by_now = [&] { return to.pid == 0 ? process_usage{} : process_meter{to.pid}.read(); };
  auto before = used_by_now();
  const auto row = [&](const std::string& name, const phase& p, double empty) {
    const auto& l = p.calls.latency;
    const auto now = used_by_now();
    const auto calls = static_cast<double>(std::max<std::uint64_t>(1, l.count()));
    out.add(name + ", " + std::to_string(connections) + " connections",
            {p.per_second(), p.per_second() / empty, l.percentile_us(0.5), l.percentile_us(0.99),
             std::chrono::duration<double, std::micro>(now.cpu - before.cpu).count() / calls,
             static_cast<double>(now.switches - before.switches) / calls, static_cast<double>(p.calls.failed)});
    before = used_by_now();
  };
  const auto empty =
      closed_loop(s, to, connections, time, SIZE_MAX, [](auto& c, std::size_t) { return c.empty_route(); });
  const auto base = empty.per_second();
  row("empty route", empty, base);
  const auto opens = closed_loop(s, to, connections, time, opens_at_most,
                                 [](auto& c, std::size_t n) { return c.open(stream_name(n)).has_value(); });
  row("open", opens, base);
  const auto made = std::max<std::size_t>(1, opens.calls.latency.count());
  row("query",
      closed_loop(s, to, connections, time, SIZE_MAX,
                  [&](auto& c, std::size_t n) { return c.query(stream_name(n % made)).has_value(); }),
      base);
  row("close",
      closed_loop(s, to, connections, std::chrono::minutes{1}, made,
                  [](auto& c, std::size_t n) { return c.close(stream_name(n)); }),
      base);
}

/// As a platform drives a node: it asks whether a stream is there, opens it if not, closes it later, and lists now and then.
phase mixed(const settings& s, const service_address& to, double rate, std::size_t connections,
            std::chrono::milliseconds time) {
  const auto per_list = std::max<std::size_t>(1, static_cast<std::size_t>(rate * 5));
  return open_loop(s, to, rate, connections, time, [per_list](api_client& c, std::size_t n) {
    if (n % per_list == 0) return c.list();
    const auto id = "mixed" + std::to_string(n / 3 % 500);
    switch (n % 3) {
      case 0:
        return c.query(id).has_value();
      case 1:
        return c.open(id).has_value();
      default:
        c.close(id);
        return true;  // one that another connection has closed already is no failure
    }
  });
}

std::vector<double> numbers(const std::string& text) {
  std::vector<double> all;
  std::stringstream in{text};
  for (std::string part; std::getline(in, part, ',');) all.push_back(std::stod(part));
  return all;
}

po::options_description control_options() {
  po::options_description all{"control"};
  auto add = all.add_options();
  add("connections", po::value<std::string>()->default_value("1,4,16,64"), "for the throughput, closed loop");
  add("rates", po::value<std::string>()->default_value("500,1000,2000,4000"), "calls a second, open loop");
  add("streams", po::value<std::size_t>()->default_value(1000), "streams that stand open meanwhile");
  add("seconds", po::value<double>()->default_value(2), "of each cell");
  return all;
}

int run_control(const settings& s, const po::variables_map& given) {
  const auto time = std::chrono::milliseconds{static_cast<long>(given["seconds"].as<double>() * 1000)};
  // The standing streams get nothing, and must outlast all of it.
  const target server{s, {"rtp_proxy.timeoutSec=3600"}};
  const auto& to = server.address();
  const population standing{to, given["streams"].as<std::size_t>()};
  const auto title = " of " + to.name + ", " + std::to_string(standing.size()) + " streams open";

  report calls{"One connection, calls in turn" + title,
               {"p50 us", "p90 us", "p99 us", "p99.9 us", "max us", "x empty", "failed"}};
  report loads{"As fast as it goes" + title,
               {"per second", "of empty", "p50 us", "p99 us", "cpu us", "switches", "failed"}};
  report paced{"At a given rate, 64 connections, latency from the intended moment" + title,
               {"p50 us", "p90 us", "p99 us", "p99.9 us", "failed"}};
  const auto rates = numbers(given["rates"].as<std::string>());
  svg_plot plot{"Latency at a given rate: query" + title, "calls a second", "microseconds", false, true,
                {{"p50", {}}, {"p99", {}}, {"p99.9", {}}}};
  for (std::size_t i = 0; i < s.repetitions; ++i) {
    s.progress("repetition " + std::to_string(i + 1) + " of " + std::to_string(s.repetitions));
    interleaved(s, to, time, calls);
    for (const double c : numbers(given["connections"].as<std::string>()))
      throughput(s, to, static_cast<std::size_t>(c), time, loads);
    for (const double rate : rates) {
      const auto add = [&](const std::string& name, const phase& p) {
        const auto& l = p.calls.latency;
        paced.add(name + ", " + short_number(rate) + "/s",
                  {l.percentile_us(0.5), l.percentile_us(0.9), l.percentile_us(0.99), l.percentile_us(0.999),
                   static_cast<double>(p.calls.failed)});
      };
      add("query", open_loop(s, to, rate, 64, time, [](auto& c, std::size_t n) {
            return c.query("standing" + std::to_string(n % 100)).has_value();
          }));
      add("mixed", mixed(s, to, rate, 64, time));
    }
  }
  for (const double rate : rates)
    for (auto& curve : plot.curves)
      curve.points.emplace_back(rate, paced.value("query, " + short_number(rate) + "/s", curve.name + " us"));
  if (!s.plot.empty()) plot.write(s.plot);
  s.print({calls, loads, paced});
  return 0;
}

}  // namespace

const subcommand control_command{"control", "latency and throughput of the API", control_options, run_control};

}  // namespace berth::bench
