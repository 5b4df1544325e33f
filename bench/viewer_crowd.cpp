#include "bench/viewer_crowd.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <mutex>
#include <optional>
#include <span>
#include <stdexcept>

#include "bench/process_meter.hpp"
#include "bench/program_stream.hpp"
#include "bench/tcp_connection.hpp"
#include "net/base/bytes.hpp"
#include "net/base/unique_fd.hpp"

namespace berth::bench {
namespace {

using std::chrono::steady_clock;
using byte_span = std::span<const std::uint8_t>;

/// Takes bytes out of a stream: as many as are wanted to look at, or as many as are to be passed over.
class reader {
 public:
  void wants(std::size_t count) {
    wanted_ = count;
    held_.clear();
  }
  void passes(std::size_t count) { passed_ = count; }

  /// The wanted bytes when they are there; takes them, or what is passed over, from the front of `input`.
  std::optional<byte_span> take(byte_span& input) {
    const auto skipped = std::min(passed_, input.size());
    passed_ -= skipped;
    input = input.subspan(skipped);
    if (passed_ > 0) return std::nullopt;
    const auto count = std::min(wanted_ - held_.size(), input.size());
    held_.insert(held_.end(), input.begin(), input.begin() + static_cast<std::ptrdiff_t>(count));
    input = input.subspan(count);
    if (held_.size() < wanted_) return std::nullopt;
    return byte_span{held_};
  }

 private:
  std::size_t wanted_ = 0, passed_ = 0;
  std::vector<std::uint8_t> held_;
};

/// FLV as far as the times of its pictures (Adobe FLV 10.1 annex E).
class flv_times {
 public:
  /// Calls `seen` with the moment of sending, or none, when a picture is complete.
  template <class Seen>
  void take(byte_span input, Seen seen) {
    while (!input.empty()) {
      const auto got = reader_.take(input);
      if (!got) return;
      switch (state_) {
        case state::file_header:
          next(state::tag, tag_header);
          break;
        case state::tag: {
          body_ = std::size_t{(*got)[1]} << 16 | std::size_t{(*got)[2]} << 8 | (*got)[3];
          const bool video = (*got)[0] == 9 && body_ > look_at;
          next(video ? state::picture : state::end, video ? look_at : 1);
          if (!video) reader_.passes(body_ + behind - 1);
          break;
        }
        case state::picture:
          // Kind, packet type (1 = NAL units), composition time, length of the first unit.
          picture_ = (*got)[1] == 1;
          sent_ = picture_ ? sent_at(got->subspan(9)) : std::nullopt;
          next(state::end, 1);
          reader_.passes(body_ - look_at + behind - 1);
          break;
        case state::end:
          if (std::exchange(picture_, false)) seen(sent_);
          next(state::tag, tag_header);
          break;
      }
    }
  }

 private:
  enum class state { file_header, tag, picture, end };
  static constexpr std::size_t tag_header = 11, behind = 4, look_at = 40;

  void next(state s, std::size_t wanted) {
    state_ = s;
    reader_.wants(wanted);
  }

  reader reader_ = [] {
    reader r;
    r.wants(13);
    return r;
  }();
  state state_ = state::file_header;
  std::size_t body_ = 0;
  bool picture_ = false;
  std::optional<steady_clock::time_point> sent_;
};

/// The payloads of a server's WebSocket frames (RFC 6455 5.2), or of HTTP's chunks (RFC 9112 7.1).
class framing {
 public:
  explicit framing(bool websocket) : websocket_(websocket) {}

  template <class Take>
  void take(byte_span input, Take payload) {
    while (!input.empty()) {
      if (left_ > 0) {
        const auto n = std::min(left_, input.size());
        payload(input.first(n));
        input = input.subspan(n);
        left_ -= n;
        continue;
      }
      head_.push_back(input[0]);
      input = input.subspan(1);
      if (websocket_ ? frame_begins() : chunk_begins()) head_.clear();
    }
  }

 private:
  bool frame_begins() {
    if (head_.size() < 2) return false;
    const unsigned length = head_[1] & 0x7f;
    const std::size_t more = length == 126 ? 2 : length == 127 ? 8 : 0;
    if (head_.size() < 2 + more) return false;
    left_ = more == 0 ? length : 0;
    for (std::size_t i = 0; i < more; ++i) left_ = left_ << 8 | head_[2 + i];
    return true;
  }
  bool chunk_begins() {
    const bool only_end = head_.size() == 2 && head_[0] == '\r' && head_[1] == '\n';  // of the chunk before
    if (only_end) return true;
    if (head_.size() < 3 || head_.back() != '\n') return false;
    left_ = std::stoul(std::string{head_.begin(), head_.end()}, nullptr, 16);
    return true;
  }

  const bool websocket_;
  std::vector<std::uint8_t> head_;
  std::size_t left_ = 0;
};

std::string request_for(const std::string& target, bool websocket) {
  std::string text = "GET " + target + " HTTP/1.1\r\nHost: bench\r\n";
  if (websocket)
    text +=
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  return text + "\r\n";
}

net::unique_fd connect_to(const net::endpoint& server, const std::string& request) {
  auto fd = tcp_connection(server);
  if (::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
    throw std::runtime_error("a viewer can not ask " + server.to_string());
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
  return fd;
}

}  // namespace

struct viewer_crowd::viewer {
  explicit viewer(bool websocket) : frames(websocket) {}

  net::unique_fd socket;
  steady_clock::time_point asked;
  std::string head;
  bool open = false, watching = false;
  framing frames;
  flv_times flv;
};

struct viewer_crowd::shared {
  net::unique_fd epoll{::epoll_create1(EPOLL_CLOEXEC)};
  std::mutex mutex;
  totals seen;
};

viewer_crowd::viewer_crowd(crowd_options options) : options_(std::move(options)), shared_(std::make_unique<shared>()) {
  thread_ = std::thread{[this] { run(); }};
  for (const auto& target : options_.targets) {
    auto& v = *viewers_.emplace_back(std::make_unique<viewer>(options_.websocket));
    v.asked = steady_clock::now();
    v.socket = connect_to(options_.server, request_for(target, options_.websocket));
    epoll_event e{};
    e.events = EPOLLIN;
    e.data.ptr = &v;
    ::epoll_ctl(shared_->epoll.get(), EPOLL_CTL_ADD, v.socket.get(), &e);
  }
}

viewer_crowd::~viewer_crowd() {
  stop_ = true;
  thread_.join();
}

bool viewer_crowd::all_watch(std::chrono::milliseconds patience) const {
  const auto end = steady_clock::now() + patience;
  while (watching_ < options_.targets.size()) {
    if (steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return true;
}

viewer_crowd::totals viewer_crowd::take() {
  const std::lock_guard lock{shared_->mutex};
  return std::exchange(shared_->seen, {});
}

void viewer_crowd::run() {
  if (options_.processor >= 0) pin_this_thread(options_.processor);
  std::array<epoll_event, 256> events;
  while (!stop_) {
    const int n = ::epoll_wait(shared_->epoll.get(), events.data(), static_cast<int>(events.size()), 50);
    if (n <= 0) continue;
    const std::lock_guard lock{shared_->mutex};
    for (int i = 0; i < n; ++i) read(*static_cast<viewer*>(events[static_cast<std::size_t>(i)].data.ptr));
  }
}

void viewer_crowd::read(viewer& v) {
  static thread_local std::array<std::uint8_t, 256 * 1024> buffer;
  const auto got = ::recv(v.socket.get(), buffer.data(), buffer.size(), 0);
  if (got < 0) return;
  if (got == 0) {
    ++shared_->seen.ended;
    ::epoll_ctl(shared_->epoll.get(), EPOLL_CTL_DEL, v.socket.get(), nullptr);
    return;
  }
  shared_->seen.bytes += static_cast<std::uint64_t>(got);
  if (options_.any_bytes) {
    if (!std::exchange(v.watching, true)) ++watching_;
    return;
  }
  byte_span input{buffer.data(), static_cast<std::size_t>(got)};
  if (!v.open) {
    const auto before = v.head.size();
    v.head.append(input.begin(), input.end());
    const auto end = v.head.find("\r\n\r\n");
    if (end == v.head.npos) return;
    v.open = true;
    input = input.subspan(end + 4 - before);
  }
  const auto now = steady_clock::now();
  v.frames.take(input, [&](byte_span payload) {
    v.flv.take(payload, [&](const std::optional<steady_clock::time_point>& sent) {
      ++shared_->seen.pictures;
      if (!std::exchange(v.watching, true)) {
        ++watching_;
        shared_->seen.first_picture.record(now - v.asked);
      } else if (sent) {
        shared_->seen.latency.record(now - *sent);
      }
    });
  });
}

}  // namespace berth::bench
