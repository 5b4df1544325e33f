#include "net/egress/rtp_pump.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "net/io/socket_factory.hpp"

namespace berth::net {
namespace {

constexpr std::size_t frames_at_once = 8;
constexpr std::size_t bytes_a_turn = 512 * 1024;

}  // namespace

void rtp_pump::join(fan_out::wake_function wake) {
  place_ = frames_->join(std::move(wake));
  frames_->viewer_came(schema::rtsp);
}

void rtp_pump::leave(time_point now) {
  if (!place_) return;
  place_.reset();
  frames_->viewer_left(schema::rtsp, now);
}

// What comes from here on wakes again.
void rtp_pump::begin_turn() {
  if (place_) place_->rearm();
}

// Puts the next frame that gives packets into the empty batch; false if there is none.
bool rtp_pump::fill() {
  batch_.clear();
  done_ = 0;
  while (batch_.empty()) {
    if (waiting_.empty()) {
      auto read = frames_->read(at_, frames_at_once);
      counters_.skipped.add(read.skipped);
      over_ = read.ended;
      waiting_.assign(read.frames.begin(), read.frames.end());
      if (waiting_.empty()) return false;
    }
    packetizer_->write(*waiting_.front(), batch_);
    waiting_.pop_front();
  }
  return true;
}

rtp_pump::state rtp_pump::to_udp(int fd, const endpoint& to) {
  begin_turn();
  sockaddr_storage address;
  const auto length = to.to_sockaddr(address, family_of(fd));
  std::array<iovec, packets_a_turn> parts;
  std::array<mmsghdr, packets_a_turn> messages;
  for (std::size_t left = packets_a_turn; left > 0;) {
    if (done_ == batch_.size() && !fill()) return emptied();
    const auto count = std::min(batch_.size() - done_, left);
    for (std::size_t i = 0; i < count; ++i) {
      const auto p = batch_.packet(done_ + i);
      parts[i] = {const_cast<std::uint8_t*>(p.data()), p.size()};
      messages[i] = {};
      messages[i].msg_hdr.msg_name = &address;
      messages[i].msg_hdr.msg_namelen = length;
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    const int sent = ::sendmmsg(fd, messages.data(), static_cast<unsigned>(count), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return state::blocked;
      // What came back for an earlier packet is told at the next one, which was not sent for it.
      error_ = errno;
      counters_.unsent.add();
      ++done_;
      --left;
      continue;
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(sent); ++i) counters_.bytes.add(parts[i].iov_len);
    counters_.packets.add(static_cast<std::uint64_t>(sent));
    done_ += static_cast<std::size_t>(sent);
    left -= static_cast<std::size_t>(sent);
  }
  return state::paced;
}

rtp_pump::state rtp_pump::to_tcp(int fd) {
  begin_turn();
  for (std::size_t left = bytes_a_turn; left > 0;) {
    if (done_ == batch_.framed().size() && !fill()) return emptied();
    const auto rest = batch_.framed().subspan(done_);
    const auto sent = ::send(fd, rest.data(), rest.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return state::blocked;
      error_ = errno;
      return state::failed;
    }
    const auto size = static_cast<std::size_t>(sent);
    if (size == rest.size()) counters_.packets.add(batch_.size());
    counters_.bytes.add(size);
    done_ += size;
    left -= std::min(size, left);
  }
  return state::blocked;  // it can be written to: others have their turn first
}

}  // namespace berth::net
