// The other end of a log.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include "net/base/unique_fd.hpp"
#include "tests/support/catch.hpp"

namespace berth::tests {

/// Where a log goes, and who reads it: nobody before he is told to.
class log_reader {
 public:
  log_reader() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    out_ = net::unique_fd{ends[0]};
    in_ = net::unique_fd{ends[1]};
  }

  int fd() const { return in_.get(); }
  void give_up() { in_.reset(); }
  void leave() { out_.reset(); }
  std::string read_some() {
    std::array<char, 65536> some{};
    const auto n = ::read(out_.get(), some.data(), some.size());
    return {some.data(), n > 0 ? static_cast<std::size_t>(n) : 0};
  }
  /// What stands in it until everybody has closed it.
  std::vector<std::string> lines() {
    std::string all;
    for (auto some = read_some(); !some.empty(); some = read_some()) all += some;
    std::vector<std::string> split;
    for (std::size_t from = 0, to = 0; (to = all.find('\n', from)) != std::string::npos; from = to + 1)
      split.push_back(all.substr(from, to - from));
    return split;
  }

 private:
  net::unique_fd out_, in_;
};

}  // namespace berth::tests
