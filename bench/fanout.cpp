// berth-bench fanout: streams and those who watch them, and beside it a sender that does nothing but send.
#include <cmath>
#include <limits>
#include <sstream>
#include <thread>

#include "bench/api_client.hpp"
#include "bench/camera_fleet.hpp"
#include "bench/floor_sender.hpp"
#include "bench/process_meter.hpp"
#include "bench/settings.hpp"
#include "bench/viewer_crowd.hpp"

namespace berth::bench {
namespace {

namespace po = boost::program_options;
using namespace std::chrono_literals;

constexpr double not_known = std::numeric_limits<double>::quiet_NaN();
constexpr auto patience = 30s;

struct cell {
  std::size_t streams = 1, viewers = 1;  // viewers of each stream

  std::size_t all() const noexcept { return streams * viewers; }
  std::string name() const { return std::to_string(streams) + " x " + std::to_string(viewers); }
};

struct watch_plan {
  fleet_options fleet;
  std::chrono::milliseconds time{};
  bool websocket = true;
};

struct watch_outcome {
  viewer_crowd::totals seen;
  std::chrono::nanoseconds elapsed{};
  std::chrono::nanoseconds cpu{};            // of the server
  std::chrono::nanoseconds cpu_unwatched{};  // of the server, for the same cameras without a viewer
  double wanted = 0;                         // pictures
  double bytes_per_viewer = not_known;

  /// What the viewers cost, by picture and viewer.
  double us_per_picture() const { return static_cast<double>((cpu - cpu_unwatched).count()) / 1e3 / wanted; }
};

class watched_streams {
 public:
  watched_streams(const service_address& to, std::size_t count) : client_(to), count_(count) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto port = client_.open(name(i));
      if (!port) throw std::runtime_error("the server did not open stream " + std::to_string(i + 1));
      targets_.push_back(to.http.with_port(*port));
    }
  }
  ~watched_streams() {
    for (std::size_t i = 0; i < count_; ++i) client_.close(name(i));
  }
  watched_streams(const watched_streams&) = delete;
  watched_streams& operator=(const watched_streams&) = delete;

  const std::vector<net::endpoint>& targets() const noexcept { return targets_; }
  std::vector<std::string> urls(std::size_t viewers) const {
    std::vector<std::string> all;
    for (std::size_t i = 0; i < count_; ++i) all.insert(all.end(), viewers, "/rtp/" + name(i) + ".live.flv");
    return all;
  }

 private:
  static std::string name(std::size_t i) { return "camera" + std::to_string(i); }

  api_client client_;
  std::size_t count_;
  std::vector<net::endpoint> targets_;
};

watch_outcome measure_service(const service_address& to, const cell& c, const watch_plan& p, const settings& s) {
  watched_streams streams{to, c.streams};
  camera_fleet fleet{p.fleet, streams.targets()};
  const process_meter meter{to.pid};
  watch_outcome o;
  fleet.run(1s);  // until there is something to watch
  auto before = meter.cpu();
  fleet.run(p.time);
  o.cpu_unwatched = meter.cpu() - before;
  const auto memory = meter.read().anonymous_bytes;

  std::atomic<bool> watched{false};
  bool given_up = false;
  std::jthread cameras{[&] {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!watched && !(given_up = std::chrono::steady_clock::now() > end)) fleet.run(200ms);
  }};
  viewer_crowd crowd{{to.http, streams.urls(c.viewers), p.websocket, s.load_processor}};
  const bool complete = crowd.all_watch(patience);
  watched = true;
  cameras.join();
  if (!complete || given_up) throw std::runtime_error("not all viewers got a picture");
  std::this_thread::sleep_for(100ms);  // what is on its way belongs to the time before
  auto first = crowd.take();
  before = meter.cpu();
  const auto sent = fleet.run(p.time);
  std::this_thread::sleep_for(100ms);
  o.cpu = meter.cpu() - before;
  o.elapsed = sent.elapsed;
  o.seen = crowd.take();
  o.seen.first_picture = std::move(first.first_picture);
  o.wanted = static_cast<double>(sent.lateness.count() * c.viewers);  // a value for each frame that was sent
  o.bytes_per_viewer =
      (static_cast<double>(meter.read().anonymous_bytes) - static_cast<double>(memory)) / static_cast<double>(c.all());
  return o;
}

watch_outcome measure_floor(const cell& c, const watch_plan& p, const settings& s) {
  const auto payload = p.fleet.packet_size - 12;
  floor_sender sender{{c.streams, c.viewers, p.fleet.frames_per_second, p.fleet.key_frame_every,
                       p.fleet.packets_per_frame() * payload, p.fleet.packets_per_key_frame() * payload,
                       s.service_processor}};
  viewer_crowd crowd{{sender.address(), std::vector<std::string>(c.all(), "/"), p.websocket, s.load_processor, true}};
  if (!crowd.all_watch(patience)) throw std::runtime_error("not all viewers of the floor got a byte");
  const process_meter meter{sender.pid()};
  const auto before = meter.cpu();
  const auto sent = sender.sent();
  const auto begin = std::chrono::steady_clock::now();
  std::this_thread::sleep_for(p.time);
  watch_outcome o;
  o.cpu = meter.cpu() - before;
  o.elapsed = std::chrono::steady_clock::now() - begin;
  o.seen.pictures = sender.sent() - sent;
  o.wanted = static_cast<double>(o.seen.pictures + sender.lost());
  return o;
}

std::vector<cell> cells(const std::string& text) {
  std::vector<cell> all;
  std::stringstream in{text};
  for (std::string part; std::getline(in, part, ',');) {
    const auto by = part.find('x');
    if (by == part.npos) throw std::runtime_error("cells: '" + part + "' is not STREAMSxVIEWERS");
    all.push_back({std::stoul(part.substr(0, by)), std::stoul(part.substr(by + 1))});
    if (all.back().all() == 0) throw std::runtime_error("cells: '" + part + "' has nobody to watch");
  }
  return all;
}

po::options_description fanout_options() {
  po::options_description all{"fanout"};
  auto add = all.add_options();
  add("cells", po::value<std::string>()->default_value("1x1000,200x1"), "streams x viewers of each, one cell each");
  add("mbit", po::value<double>()->default_value(1), "bit rate of a camera, Mbit/s");
  add("fps", po::value<unsigned>()->default_value(25), "frames a second");
  add("key-every", po::value<unsigned>()->default_value(50), "frames from one key frame to the next");
  add("http", po::bool_switch(), "FLV over HTTP instead of WebSocket");
  add("seconds", po::value<double>()->default_value(4), "of each measurement");
  return all;
}

std::vector<double> row_of(const watch_outcome& o) {
  const auto ms = [](const latency_histogram& h, double share) {
    return h.count() == 0 ? not_known : h.percentile_us(share) / 1000;
  };
  return {100 * static_cast<double>(o.seen.pictures) / o.wanted,
          100 * static_cast<double>(o.cpu.count()) / static_cast<double>(o.elapsed.count()),
          o.us_per_picture(),
          o.bytes_per_viewer / 1024,
          ms(o.seen.first_picture, 0.5),
          ms(o.seen.first_picture, 1),
          ms(o.seen.latency, 0.5),
          ms(o.seen.latency, 0.99),
          static_cast<double>(o.seen.ended)};
}

int run_fanout(const settings& s, const po::variables_map& given) {
  watch_plan p;
  p.fleet.mbit_per_second = given["mbit"].as<double>();
  p.fleet.frames_per_second = given["fps"].as<unsigned>();
  p.fleet.key_frame_every = given["key-every"].as<unsigned>();
  p.fleet.program_stream = true;
  p.fleet.processor = s.load_processor;
  p.time = std::chrono::milliseconds{static_cast<long>(given["seconds"].as<double>() * 1000)};
  p.websocket = !given["http"].as<bool>();
  const target server{s, {"rtp_proxy.timeoutSec=600", "http.max_viewers=20000", "http.max_connections=30000"}};
  if (!server.can_be_measured()) throw std::runtime_error("fanout needs the server's --pid");

  report table{"Viewers of cameras of " + short_number(p.fleet.mbit_per_second) + " Mbit/s, FLV over " +
                   (p.websocket ? "WebSocket" : "HTTP"),
               {"delivered %", "% of a core", "us/picture", "KB/viewer", "first p50 ms", "first max ms",
                "latency p50 ms", "latency p99 ms", "cut"}};
  report ratios{"CPU per picture and viewer against the floor, pair by pair", {"x floor"}};
  for (std::size_t i = 0; i < s.repetitions; ++i)
    for (const auto& c : cells(given["cells"].as<std::string>())) {
      s.progress("repetition " + std::to_string(i + 1) + " of " + std::to_string(s.repetitions) + ", " + c.name());
      const auto got = measure_service(server.address(), c, p, s);
      const auto bare = measure_floor(c, p, s);
      table.add(server.address().name + ", " + c.name(), row_of(got));
      table.add("floor, " + c.name(), row_of(bare));
      ratios.add(c.name(), {got.us_per_picture() / bare.us_per_picture()});
    }
  table.note(
      "us/picture: CPU that the viewers cost, by picture and viewer; the cameras without viewers are taken off.");
  table.note(
      "latency: from the camera's send() to the whole picture at the viewer, who shares a processor with the load.");
  s.print({std::move(table), std::move(ratios)});
  return 0;
}

}  // namespace

const subcommand fanout_command{"fanout", "cameras and their viewers, and a bare sender beside it", fanout_options,
                                run_fanout};

}  // namespace berth::bench
