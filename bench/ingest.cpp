// berth-bench ingest and floor: many cameras against the service, and against the bare limit of the machine in the same run.
#include <signal.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <sstream>
#include <thread>

#include "bench/api_client.hpp"
#include "bench/camera_fleet.hpp"
#include "bench/floor_receiver.hpp"
#include "bench/process_meter.hpp"
#include "bench/settings.hpp"

namespace berth::bench {
namespace {

namespace po = boost::program_options;
using namespace std::chrono_literals;

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

/// What one run of a fleet cost its receiver.
struct outcome {
  fleet_result sent;
  std::chrono::nanoseconds cpu{};
  double received = unknown, lost_by_kernel = unknown, lost_by_network = unknown, refused = unknown;
  double resident_per_stream = unknown;

  double ns_per_packet() const {
    const double packets = std::isnan(received) ? static_cast<double>(sent.offered) : received;
    return static_cast<double>(cpu.count()) / packets;
  }
  double share_of_a_core() const {
    return static_cast<double>(cpu.count()) / static_cast<double>(sent.elapsed.count());
  }
};

struct plan {
  fleet_options fleet;
  std::chrono::milliseconds time{};
  std::chrono::milliseconds warm_up{};
  std::chrono::microseconds floor_pace{};
  std::chrono::milliseconds stall{};  ///< the service is stopped once for so long
};

/// The streams of one cell on the service: opened together, closed together.
class service_streams {
 public:
  service_streams(const service_address& to, std::size_t count, bool tcp) : to_(to), client_(to), count_(count) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto port = client_.open("camera" + std::to_string(i), tcp ? "&tcp_mode=1" : "");
      if (!port)
        throw std::runtime_error("the server opened " + std::to_string(i) + " of " + std::to_string(count) +
                                 " streams");
      targets_.push_back(to.http.with_port(*port));
    }
  }
  ~service_streams() {
    for (std::size_t i = 0; i < count_; ++i) client_.close("camera" + std::to_string(i));
  }
  service_streams(const service_streams&) = delete;
  service_streams& operator=(const service_streams&) = delete;

  const std::vector<net::endpoint>& targets() const noexcept { return targets_; }

  outcome measure(camera_fleet& fleet, const plan& p) {
    fleet.run(p.warm_up);
    settle();
    const auto before = client_.received();
    const process_meter meter{to_.pid};
    const auto cpu = to_.pid != 0 ? meter.cpu() : 0ns;
    outcome o;
    {
      std::jthread interrupter;
      if (p.stall > 0ms && to_.pid != 0)
        interrupter = std::jthread{[&] {
          std::this_thread::sleep_for(p.time / 2);
          ::kill(to_.pid, SIGSTOP);
          std::this_thread::sleep_for(p.stall);
          ::kill(to_.pid, SIGCONT);
        }};
      o.sent = fleet.run(p.time);
    }
    if (to_.pid != 0) o.cpu = meter.cpu() - cpu;
    settle();
    const auto after = client_.received();
    if (before && after) {
      o.received = static_cast<double>(after->packets - before->packets);
      o.lost_by_kernel = static_cast<double>(after->kernel_drops - before->kernel_drops);
      o.lost_by_network = static_cast<double>(after->lost) - static_cast<double>(before->lost);
      o.refused = static_cast<double>(after->refused - before->refused);
    }
    return o;
  }

 private:
  // Until nothing arrives any more: two looks that see the same.
  void settle() {
    std::uint64_t last = UINT64_MAX;
    for (int i = 0; i < 50; ++i) {
      std::this_thread::sleep_for(50ms);
      const auto r = client_.received();
      if (!r || r->datagrams == last) return;
      last = r->datagrams;
    }
  }

  service_address to_;
  api_client client_;
  std::size_t count_;
  std::vector<net::endpoint> targets_;
};

outcome measure_floor(std::size_t cameras, const plan& p, const settings& s) {
  floor_receiver receiver{{cameras, 1 << 20, p.floor_pace, true, s.service_processor}};
  camera_fleet fleet{p.fleet, receiver.targets()};
  fleet.run(p.warm_up);
  std::this_thread::sleep_for(100ms);
  const process_meter meter{receiver.pid()};
  const auto cpu = meter.cpu();
  const auto before = receiver.packets();
  outcome o;
  o.sent = fleet.run(p.time);
  o.cpu = meter.cpu() - cpu;
  std::this_thread::sleep_for(100ms);
  o.received = static_cast<double>(receiver.packets() - before);
  return o;
}

std::vector<std::size_t> counts(const std::string& text) {
  std::vector<std::size_t> all;
  std::stringstream in{text};
  for (std::string part; std::getline(in, part, ',');) all.push_back(std::stoul(part));
  return all;
}

po::options_description ingest_options() {
  const fleet_options f;
  po::options_description all{"ingest"};
  auto add = all.add_options();
  add("cameras", po::value<std::string>()->default_value("100,1000,2000"), "how many, one cell each");
  add("mbit", po::value<double>()->default_value(f.mbit_per_second), "bit rate of a camera, Mbit/s");
  add("fps", po::value<unsigned>()->default_value(f.frames_per_second), "frames a second");
  add("key-every", po::value<unsigned>()->default_value(f.key_frame_every), "frames from one key frame to the next");
  add("key-factor", po::value<double>()->default_value(f.key_frame_factor), "size of a key frame, in other frames");
  add("packet", po::value<std::size_t>()->default_value(f.packet_size), "bytes of an RTP packet");
  add("spread", po::bool_switch(), "packets at even distances instead of a burst a frame");
  add("together", po::bool_switch(), "all cameras at the same moment instead of one after the other");
  add("no-gso", po::bool_switch(), "a system call's message for each packet");
  add("program-stream", po::bool_switch(), "frames that are demultiplexed, and noise beside them");
  add("tcp", po::bool_switch(), "a TCP connection for each camera");
  add("loss", po::value<double>()->default_value(0), "share of packets withheld");
  add("reorder", po::value<double>()->default_value(0), "share of packets that change places");
  add("duplicate", po::value<double>()->default_value(0), "share of packets sent twice");
  add("stall", po::value<unsigned>()->default_value(0), "milliseconds that the service is stopped, once a cell");
  add("senders", po::value<unsigned>()->default_value(1), "sender threads");
  add("seconds", po::value<double>()->default_value(4), "of each cell");
  add("floor", po::value<bool>()->default_value(true), "measure the bare limit beside it");
  add("floor-pace", po::value<unsigned>()->default_value(1000), "microseconds that the paced floor rests");
  return all;
}

plan plan_of(const settings& s, const po::variables_map& given) {
  plan p;
  p.fleet.mbit_per_second = given["mbit"].as<double>();
  p.fleet.frames_per_second = given["fps"].as<unsigned>();
  p.fleet.key_frame_every = given["key-every"].as<unsigned>();
  p.fleet.key_frame_factor = given["key-factor"].as<double>();
  p.fleet.packet_size = given["packet"].as<std::size_t>();
  p.fleet.spread = given["spread"].as<bool>();
  p.fleet.staggered = !given["together"].as<bool>();
  p.fleet.segmentation_offload = !given["no-gso"].as<bool>();
  p.fleet.program_stream = given["program-stream"].as<bool>();
  p.fleet.tcp = given["tcp"].as<bool>();
  p.fleet.loss = given["loss"].as<double>();
  p.fleet.reorder = given["reorder"].as<double>();
  p.fleet.duplicate = given["duplicate"].as<double>();
  p.fleet.threads = given["senders"].as<unsigned>();
  p.fleet.processor = s.load_processor;
  p.time = std::chrono::milliseconds{static_cast<long>(given["seconds"].as<double>() * 1000)};
  p.warm_up = std::min(p.time, std::chrono::milliseconds{500});
  p.floor_pace = std::chrono::microseconds{given["floor-pace"].as<unsigned>()};
  p.stall = std::chrono::milliseconds{given["stall"].as<unsigned>()};
  return p;
}

std::vector<double> row_of(const outcome& o) {
  const double offered = static_cast<double>(o.sent.offered);
  const double kpps = offered / std::chrono::duration<double>(o.sent.elapsed).count() / 1000;
  return {kpps,
          std::isnan(o.received) ? unknown : offered - o.received - (std::isnan(o.refused) ? 0 : o.refused),
          o.lost_by_kernel,
          o.lost_by_network,
          o.refused,
          o.cpu.count() > 0 ? o.ns_per_packet() : unknown,
          o.cpu.count() > 0 ? 100 * o.share_of_a_core() : unknown,
          o.sent.lateness.percentile_us(0.99) / 1000};
}

int measure(const settings& s, const po::variables_map& given, bool with_service) {
  const auto p = plan_of(s, given);
  const auto cameras = counts(given["cameras"].as<std::string>());
  if (!with_service && p.fleet.tcp) throw std::runtime_error("the floor receives UDP only");
  const bool floors = !with_service || (given["floor"].as<bool>() && !p.fleet.tcp);
  auto event_driven = p, noise = p;
  event_driven.floor_pace = 0us;
  noise.fleet.program_stream = false;
  std::optional<target> server;
  // An idle stream must outlive the cells of the others.
  if (with_service) server.emplace(s, std::vector<std::string>{"rtp_proxy.timeoutSec=600"});

  report table{"Cameras of " + short_number(p.fleet.mbit_per_second) + " Mbit/s, " +
                   std::to_string(p.fleet.packets_per_frame()) + " packets a frame, " +
                   std::to_string(p.fleet.packets_per_key_frame()) + " a key frame",
               {"kpps", "missing", "kernel drops", "gaps", "refused", "ns/packet", "% of a core", "late p99 ms"}};
  report ratios{"CPU per packet against the floor, pair by pair", {"x paced floor", "x event-driven floor"}};
  report demultiplexed{"CPU per packet of a program stream against noise, pair by pair", {"x noise"}};
  std::vector<std::string> rows;
  const auto add = [&](const std::string& row, std::size_t n, const outcome& o) {
    if (std::find(rows.begin(), rows.end(), row) == rows.end()) rows.push_back(row);
    table.add(row + ", " + std::to_string(n), row_of(o));
  };
  for (std::size_t i = 0; i < s.repetitions; ++i)
    for (const auto n : cameras) {
      s.progress("repetition " + std::to_string(i + 1) + " of " + std::to_string(s.repetitions) + ", " +
                 std::to_string(n) + " cameras");
      std::optional<outcome> got;
      const auto measure_service = [&](const plan& under, const std::string& row) {
        service_streams streams{server->address(), n, under.fleet.tcp};
        camera_fleet fleet{under.fleet, streams.targets()};
        auto o = streams.measure(fleet, under);
        add(server->address().name + row, n, o);
        return o;
      };
      if (server) got = measure_service(p, "");
      if (server && p.fleet.program_stream) {
        const auto other = measure_service(noise, ", noise");
        demultiplexed.add(std::to_string(n) + " cameras", {got->ns_per_packet() / other.ns_per_packet()});
      }
      if (!floors) continue;
      const auto paced = measure_floor(n, p, s);
      const auto bare = measure_floor(n, event_driven, s);
      add("floor, paced", n, paced);
      add("floor, event-driven", n, bare);
      if (got)
        ratios.add(std::to_string(n) + " cameras",
                   {got->ns_per_packet() / paced.ns_per_packet(), got->ns_per_packet() / bare.ns_per_packet()});
    }
  table.note("missing: offered, and neither accepted nor refused. late: frames of the load against their schedule.");

  if (!s.plot.empty()) {
    svg_plot plot{"CPU per packet", "cameras", "ns of receiver CPU per packet", false, false, {}};
    for (const auto& row : rows) {
      auto& c = plot.curves.emplace_back(svg_plot::curve{row, {}});
      for (const auto n : cameras)
        if (const auto v = table.value(row + ", " + std::to_string(n), "ns/packet"); !std::isnan(v))
          c.points.emplace_back(static_cast<double>(n), v);
    }
    plot.write(s.plot);
  }
  std::vector<report> reports{std::move(table)};
  if (server && floors) reports.push_back(std::move(ratios));
  if (server && p.fleet.program_stream) reports.push_back(std::move(demultiplexed));
  s.print(reports);
  return 0;
}

int run_ingest(const settings& s, const po::variables_map& given) { return measure(s, given, true); }
int run_floor(const settings& s, const po::variables_map& given) { return measure(s, given, false); }

}  // namespace

const subcommand ingest_command{"ingest", "many cameras, and the bare limit of the machine beside them", ingest_options,
                                run_ingest};
const subcommand floor_command{"floor", "that limit alone, under the same traffic", ingest_options, run_floor};

}  // namespace berth::bench
