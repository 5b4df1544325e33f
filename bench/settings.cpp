#include "bench/settings.hpp"

#include <sys/resource.h>

#include <cstdio>
#include <iostream>
#include <thread>

namespace berth::bench {

namespace po = boost::program_options;

po::options_description settings::options(settings& s) {
  po::options_description all{"For every subcommand"};
  auto add = all.add_options();
  add("url", po::value(&s.url), "a server that runs already, http://ADDRESS:PORT; else a berthd is started");
  add("secret", po::value(&s.secret), "its secret");
  add("pid", po::value(&s.pid)->default_value(0), "its process, to measure what it uses");
  add("berthd", po::value<std::string>()->notifier([&s](const std::string& p) { s.program = p; }),
      "the program to start (default: the one built beside this)");
  add("set", po::value(&s.set)->composing(), "section.key=value for the started berthd");
  add("service-cpu", po::value(&s.service_processor)->default_value(-1), "bind the server to this processor");
  add("load-cpu", po::value(&s.load_processor)->default_value(-1), "bind the load to this processor");
  add("repetitions", po::value(&s.repetitions)->default_value(5), "how often each cell is measured");
  add("json", po::bool_switch(&s.json), "JSON instead of tables");
  add("plot", po::value<std::string>()->notifier([&s](const std::string& p) { s.plot = p; }),
      "write curves to this SVG file");
  add("any-host", po::bool_switch(&s.any_host), "allow --url to be another machine");
  add("quiet", po::bool_switch(&s.quiet), "no progress on standard error");
  return all;
}

void settings::complete(const char* own_path) {
  const auto processors = static_cast<int>(std::thread::hardware_concurrency());
  if (processors >= 2) {
    if (service_processor < 0 && url.empty()) service_processor = processors - 1;
    if (load_processor < 0) load_processor = 0;
  }
  std::error_code failed;
  const auto self = std::filesystem::canonical(own_path, failed);
  if (program.empty()) program = self.parent_path().parent_path() / "api" / "berthd";
  if (repetitions == 0) repetitions = 1;
  // A stream takes two descriptors of the floor, too.
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
}

void settings::progress(const std::string& text) const {
  if (!quiet) std::fprintf(stderr, "%s\n", text.c_str());
}

void settings::print(const std::vector<report>& reports) const {
  if (json) {
    boost::json::array all;
    for (const auto& r : reports) all.push_back(r.json());
    std::cout << boost::json::serialize(all) << std::endl;
    return;
  }
  for (const auto& r : reports) std::cout << r.text() << std::endl;
}

target::target(const settings& s, const std::vector<std::string>& more_settings) {
  if (s.url.empty()) {
    auto all = more_settings;
    all.insert(all.end(), s.set.begin(), s.set.end());
    launched_.emplace(launched_service::options{s.program, std::move(all), s.service_processor});
    address_ = launched_->address();
    return;
  }
  address_.http = service_address::parse_url(s.url, s.any_host);
  address_.secret = s.secret;
  address_.pid = s.pid;
  address_.name = s.url;
}

}  // namespace berth::bench
