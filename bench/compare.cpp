#include "bench/compare.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <boost/program_options.hpp>
#include <cstdio>
#include <iostream>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/report.hpp"
#include "net/base/unique_fd.hpp"

namespace berth::bench {
namespace {

namespace po = boost::program_options;

/// Runs this program with other arguments; its standard output, which has to be JSON.
boost::json::array run_self(std::vector<std::string> arguments) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  net::unique_fd output{ends[0]}, input{ends[1]};
  const auto pid = ::fork();
  if (pid < 0) throw std::runtime_error("no process");
  if (pid == 0) {
    ::dup2(input.get(), STDOUT_FILENO);
    std::vector<char*> argv{const_cast<char*>("berth-bench")};
    for (auto& a : arguments) argv.push_back(a.data());
    argv.push_back(nullptr);
    ::execv("/proc/self/exe", argv.data());
    ::_exit(127);
  }
  input.reset();
  std::string text;
  std::array<char, 4096> buffer;
  for (;;) {
    const auto got = ::read(output.get(), buffer.data(), buffer.size());
    if (got <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  boost::system::error_code failed;
  auto value = boost::json::parse(text, failed);
  if (failed || !value.is_array()) throw std::runtime_error(arguments.front() + " did not end well");
  return std::move(value.as_array());
}

/// All values of one side, by table, row and column, in the order they first came.
struct side {
  std::string name;
  std::vector<std::string> options;
  std::map<std::pair<std::size_t, std::string>, std::map<std::string, std::vector<double>>> values;

  // A row that bears the server's name bears the side's here.
  void add(const boost::json::array& reports) {
    for (std::size_t t = 0; t < reports.size(); ++t)
      for (const auto& [row, columns] : reports[t].at("rows").as_object())
        for (const auto& [column, cell] : columns.as_object()) {
          const auto& median = cell.at("median");
          values[{t, std::string{row}}][column].push_back(median.is_null() ? std::numeric_limits<double>::quiet_NaN()
                                                                           : median.to_number<double>());
        }
  }
  std::vector<double> all(std::size_t table, const std::string& row, const std::string& column) const {
    const auto r = values.find({table, row});
    if (r == values.end() || !r->second.contains(column)) return {};
    return r->second.at(column);
  }
};

}  // namespace

int compare(int argc, char** argv) {
  std::string a_text, b_text;
  std::size_t repetitions = 5;
  po::options_description own{"compare --a \"OPTIONS\" --b \"OPTIONS\" COMMAND [options]"};
  auto add = own.add_options();
  add("a", po::value(&a_text)->default_value(""),
      "options of the first server, e.g. \"--url http://... --secret ...\"");
  add("b", po::value(&b_text)->default_value(""), "options of the second one, e.g. \"--berthd OTHER/berthd\"");
  add("repetitions", po::value(&repetitions)->default_value(5), "of each");
  add("help", "show this");
  // Everything from the command on is the command's.
  int at = 1;
  while (at < argc && std::string_view{argv[at]}.starts_with("--"))
    at += std::string_view{argv[at]}.find('=') == std::string_view::npos && std::string_view{argv[at]} != "--help" ? 2
                                                                                                                   : 1;
  at = std::min(at, argc);
  po::variables_map given;
  po::store(po::command_line_parser(at, argv).options(own).run(), given);
  po::notify(given);
  if (given.contains("help") || at == argc) {
    std::cout << own;
    return given.contains("help") ? 0 : 2;
  }
  const std::vector<std::string> command(argv + at, argv + argc);

  side a{"a", po::split_unix(a_text), {}}, b{"b", po::split_unix(b_text), {}};
  boost::json::array shape;
  for (std::size_t i = 0; i < repetitions; ++i)
    for (auto* s : {&a, &b}) {
      std::fprintf(stderr, "%s, repetition %zu of %zu\n", s->name.c_str(), i + 1, repetitions);
      auto arguments = command;
      arguments.insert(arguments.end(), s->options.begin(), s->options.end());
      for (const auto* more : {"--json", "--quiet", "--repetitions", "1"}) arguments.emplace_back(more);
      auto reports = run_self(std::move(arguments));
      s->add(reports);
      if (s == &a) shape = std::move(reports);
    }

  for (std::size_t t = 0; t < shape.size(); ++t) {
    const auto& table = shape[t].as_object();
    std::vector<std::string> columns;
    for (const auto& c : table.at("columns").as_array()) columns.emplace_back(c.as_string());
    report out{"a | b | a/b: " + std::string{table.at("title").as_string()}, columns};
    for (const auto& [row, cells] : table.at("rows").as_object()) {
      std::vector<double> as, bs, ratios, from, to;
      for (const auto& c : columns) {
        const auto of_a = a.all(t, row, c), of_b = b.all(t, row, c);
        as.push_back(median(of_a));
        bs.push_back(median(of_b));
        ratios.push_back(as.back() / bs.back());
        std::vector<double> pairs;
        for (std::size_t i = 0; i < std::min(of_a.size(), of_b.size()); ++i) pairs.push_back(of_a[i] / of_b[i]);
        const auto [low, high] = interval_of_median(pairs);
        from.push_back(low);
        to.push_back(high);
      }
      out.add("a    " + std::string{row}, as);
      out.add("b    " + std::string{row}, bs);
      out.add("a/b  " + std::string{row}, ratios);
      if (repetitions < 6) continue;
      out.add("     from, of the pairs: " + std::string{row}, from);
      out.add("     to, of the pairs: " + std::string{row}, to);
    }
    std::cout << out.text() << std::endl;
  }
  return 0;
}

}  // namespace berth::bench
