// berth-bench churn: streams come and go for a while; what is left over afterwards?
#include "bench/api_client.hpp"
#include "bench/churn_load.hpp"
#include "bench/settings.hpp"

namespace berth::bench {
namespace {

namespace po = boost::program_options;

po::options_description churn_arguments() {
  const churn_options o;
  po::options_description all{"churn"};
  auto add = all.add_options();
  add("rate", po::value<double>()->default_value(o.opens_per_second), "opens a second");
  add("seconds", po::value<double>()->default_value(10), "how long");
  add("left", po::value<double>()->default_value(o.left_alone), "share of streams left to their time-out");
  add("timeout", po::value<int>()->default_value(o.timeout_sec), "that time-out, seconds");
  add("packets", po::value<std::size_t>()->default_value(o.packets), "that each stream gets");
  return all;
}

int run_churn(const settings& s, const po::variables_map& given) {
  churn_options o;
  o.opens_per_second = given["rate"].as<double>();
  o.left_alone = given["left"].as<double>();
  o.timeout_sec = given["timeout"].as<int>();
  o.packets = given["packets"].as<std::size_t>();
  o.processor = s.load_processor;
  const target server{s};
  report table{"Churn at " + short_number(o.opens_per_second) + " opens a second on " + server.address().name,
               {"opened", "failed", "open p50 us", "open p99 us", "reclaim p50 ms", "reclaim max ms", "not reclaimed",
                "wrong answers", "descriptors left", "bytes/stream"}};
  for (std::size_t i = 0; i < s.repetitions; ++i) {
    s.progress("repetition " + std::to_string(i + 1) + " of " + std::to_string(s.repetitions));
    const auto resting = [&] {
      const auto ports = api_client{server.address()}.ports();
      return ports ? static_cast<double>(ports->at("resting").as_array().size()) : 0.0;
    };
    // Ports at rest keep their two descriptors until they have been silent for long enough.
    const auto rested_before = resting();
    churn_load load{server.address(), o};
    load.start();
    std::this_thread::sleep_for(std::chrono::duration<double>(given["seconds"].as<double>()));
    const auto r = load.stop();
    table.add("churn", {static_cast<double>(r.opened), static_cast<double>(r.failed_opens + r.failed_closes),
                        r.open_latency.percentile_us(0.5), r.open_latency.percentile_us(0.99),
                        r.reclaim.percentile_us(0.5) / 1000, r.reclaim.max_us() / 1000,
                        static_cast<double>(r.never_taken_back), static_cast<double>(r.wrong_answers),
                        static_cast<double>(r.after.descriptors) - static_cast<double>(r.before.descriptors) -
                            2 * (resting() - rested_before),
                        r.bytes_per_stream()});
  }
  table.note(
      "descriptors left: beyond those before and two for each port at rest. bytes/stream: growth of memory in the "
      "second half.");
  s.print({table});
  return 0;
}

}  // namespace

const subcommand churn_command{"churn", "streams come and go: leaks, reclaim, quarantine", churn_arguments, run_churn};

}  // namespace berth::bench
