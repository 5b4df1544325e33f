#include "api/daemon/way_down.hpp"

#include <poll.h>
#include <unistd.h>

#include <cstdlib>

namespace berth::api {

// Who reads standard error may be stuck, too.
void end_now(const std::string& why) noexcept {
  pollfd out{STDERR_FILENO, POLLOUT, 0};
  constexpr int patience_ms = 100;
  if (::poll(&out, 1, patience_ms) == 1) {
    const auto line = "berthd: " + why + "\n";
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
  }
  std::_Exit(1);
}

way_down::~way_down() {
  if (!watch_.joinable()) return;
  {
    const std::lock_guard lock{mutex_};
    over_ = true;
  }
  changed_.notify_one();
  watch_.join();
}

void way_down::begin(net::duration most) {
  watch_ = std::thread{[this, most] {
    std::unique_lock lock{mutex_};
    if (changed_.wait_for(lock, most, [this] { return over_; })) return;
    end_now("the way down is not over after " +
            std::to_string(std::chrono::duration_cast<std::chrono::seconds>(most).count()) +
            " s: a thread is stuck, and the process ends without it");
  }};
}

}  // namespace berth::api
