#include "api/viewers/media_viewer.hpp"

#include <sys/socket.h>

#include <exception>
#include <utility>

namespace berth::api {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// Of one write: what a slow viewer holds in memory beside the feed's ring.
constexpr std::size_t bytes_per_write = 256 * 1024;
constexpr std::size_t chunks_per_write = 64;
// For a client to take what was written before the goodbye.
constexpr auto goodbye_time = std::chrono::seconds{2};

}  // namespace

media_viewer::media_viewer(viewer_order order) : order_(std::move(order)), progress_(net::clock::now()) {
  order_.media->viewer_came(order_.entry->who.as);
}

media_viewer::~media_viewer() { leave(false); }

void media_viewer::leave(bool tell) noexcept {
  if (!order_.entry) return;
  const auto now = net::clock::now();
  const auto entry = std::exchange(order_.entry, nullptr);
  order_.media->viewer_left(entry->who.as, now);
  const auto left = std::exchange(order_.left, nullptr);
  if (!tell || !left) return;
  try {
    left(entry->who, {entry->bytes, now - entry->since});
  } catch (const std::exception&) {
    // Nobody is told then; the viewer is gone all the same.
  }
}

void media_viewer::begin(std::size_t group) {
  group_ = group;
  progressed();
  open();
}

void media_viewer::opened() {
  if (state_ != state::opening) return;
  state_ = state::open;
  order_.feed->advance(group_);
  pump();
}

void media_viewer::pump() {
  if (state_ != state::open) return;
  if (order_.entry->kicked) return end(ending::kicked);
  if (writing_) return;
  batch_ = order_.feed->chunks().read(at_, bytes_per_write, chunks_per_write);
  order_.entry->skipped += batch_.skipped;
  if (!batch_.chunks.empty()) {
    writing_ = true;
    progressed();
    send(batch_.chunks);
  } else if (batch_.ended) {
    end(ending::stream_over);
  }
}

void media_viewer::sent(error_code error, std::size_t bytes) {
  writing_ = false;
  batch_.chunks.clear();
  if (error) return cut();
  if (state_ == state::ending) return say_goodbye(why_);
  if (order_.entry) order_.entry->bytes += bytes;
  pump();
}

void media_viewer::tick(net::time_point now) {
  if (state_ == state::ending && now - ending_since_ > goodbye_time) return cut();
  if ((writing_ || state_ == state::opening) && now - progress_ > order_.timeout) return cut();
  if (state_ == state::open && !is_connected()) return cut();
  if (order_.entry && order_.entry->kicked) end(ending::kicked);
}

void media_viewer::end(ending why) {
  if (state_ == state::ending || over()) return;
  if (state_ == state::opening) return cut();
  leave(true);
  state_ = state::ending;
  why_ = why;
  ending_since_ = net::clock::now();
  if (!writing_) say_goodbye(why);
}

void media_viewer::cut() noexcept {
  leave(true);
  drop();
}

void media_viewer::drop() noexcept {
  if (over()) return;
  state_ = state::over;
  leave(false);
  close();
}

std::size_t gather(media_viewer::chunks media, std::vector<asio::const_buffer>& to) {
  std::size_t bytes = 0;
  for (const auto& c : media) {
    to.emplace_back(c->bytes.data(), c->bytes.size());
    bytes += c->bytes.size();
  }
  return bytes;
}

tcp::socket adopt(net::unique_fd socket, const asio::any_io_executor& executor, std::size_t send_buffer) {
  tcp::socket adopted{executor};
  sockaddr_storage local{};
  socklen_t length = sizeof local;
  error_code failed;
  // A socket that could not be adopted is closed: the first operation on it says so.
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&local), &length) != 0) return adopted;
  adopted.assign(local.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), socket.get(), failed);
  if (failed) return adopted;
  socket.release();
  adopted.set_option(tcp::no_delay{true}, failed);
  if (send_buffer > 0) adopted.set_option(asio::socket_base::send_buffer_size{static_cast<int>(send_buffer)}, failed);
  return adopted;
}

}  // namespace berth::api
