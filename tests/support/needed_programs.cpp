#include "tests/support/needed_programs.hpp"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <string_view>

namespace berth::tests {
namespace {

struct origin {
  std::string_view program, package;
};
/// As in .ci/packages.
constexpr std::array origins{origin{"ffmpeg", "ffmpeg"}, origin{"ffprobe", "ffmpeg"},
                             origin{"gst-launch-1.0", "gstreamer1.0-tools"}, origin{"node", "nodejs"}};

std::string text_of(const char* variable) {
  const char* const value = std::getenv(variable);
  return value != nullptr ? value : "";
}

bool can_be_run(const std::string& path) { return ::access(path.c_str(), X_OK) == 0; }

bool is_on_path(const std::string& name) {
  if (name.find('/') != name.npos) return can_be_run(name);
  std::istringstream all{text_of("PATH")};
  for (std::string directory; std::getline(all, directory, ':');)
    if (can_be_run((directory.empty() ? "." : directory) + "/" + name)) return true;
  return false;
}

}  // namespace

void need_program(const std::string& name) {
  if (is_on_path(name)) return;
  std::string advice = "no package of .ci/packages is known to bring it";
  for (const auto& o : origins)
    if (o.program == name)
      advice = "the package " + std::string{o.package} + " brings it, .ci/packages test installs it";
  throw std::runtime_error{"the program '" + name + "' is not on the PATH: " + advice};
}

std::string needed_browser() {
  const auto named = text_of("BERTH_BROWSER");
  auto browser = named.empty() ? std::string{"/usr/bin/chromium"} : named;
  if (can_be_run(browser)) return browser;
  throw std::runtime_error{"there is no browser to run at " + browser +
                           ": Debian's package chromium brings one, .ci/packages test installs it; BERTH_BROWSER names "
                           "another one by its path"};
}

}  // namespace berth::tests
