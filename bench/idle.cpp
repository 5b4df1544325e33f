// berth-bench idle: what streams cost that are open and get nothing.
#include <thread>

#include "bench/api_client.hpp"
#include "bench/process_meter.hpp"
#include "bench/settings.hpp"

namespace berth::bench {
namespace {

namespace po = boost::program_options;

po::options_description idle_options() {
  po::options_description all{"idle"};
  auto add = all.add_options();
  add("streams", po::value<std::size_t>()->default_value(9900), "how many to open");
  add("seconds", po::value<double>()->default_value(10), "how long to look at the processor");
  return all;
}

int run_idle(const settings& s, const po::variables_map& given) {
  const auto wanted = given["streams"].as<std::size_t>();
  const auto time = std::chrono::duration<double>(given["seconds"].as<double>());
  report table{"Idle streams", {"streams", "anonymous B/stream", "resident B/stream", "descriptors", "% of a core"}};
  for (std::size_t i = 0; i < s.repetitions; ++i) {
    s.progress("repetition " + std::to_string(i + 1) + " of " + std::to_string(s.repetitions));
    const target server{s, {"rtp_proxy.timeoutSec=86400"}};
    if (!server.can_be_measured()) throw std::runtime_error("idle needs --pid");
    const process_meter meter{server.address().pid};
    api_client client{server.address()};
    client.open("first");
    const auto before = meter.read();
    std::size_t opened = 0;
    while (opened < wanted && client.open("idle" + std::to_string(opened))) ++opened;
    const auto after = meter.read();
    const auto cpu = meter.cpu();
    std::this_thread::sleep_for(time);
    const auto used = meter.cpu() - cpu;
    const auto n = static_cast<double>(opened);
    const auto grown = [n](std::size_t from, std::size_t to) {
      return (static_cast<double>(to) - static_cast<double>(from)) / n;
    };
    table.add("berth", {n, grown(before.anonymous_bytes, after.anonymous_bytes),
                        grown(before.resident_bytes, after.resident_bytes), static_cast<double>(after.descriptors),
                        100 * std::chrono::duration<double>(used).count() / time.count()});
    if (opened < wanted)
      table.note("only " + std::to_string(opened) + " of " + std::to_string(wanted) +
                 " could be opened: descriptors, or ports");
    if (s.url.empty()) continue;
    client.close("first");
    for (std::size_t k = 0; k < opened; ++k) client.close("idle" + std::to_string(k));
  }
  s.print({table});
  return 0;
}

}  // namespace

const subcommand idle_command{"idle", "memory and processor of open streams that get nothing", idle_options, run_idle};

}  // namespace berth::bench
