#include "tests/support/event_follower.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <stdexcept>

namespace berth::tests {

using std::chrono::steady_clock;

event_follower::event_follower(std::uint16_t port, const std::string& secret, const std::string& query,
                               const std::string& more)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(port);
  if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
    throw std::runtime_error("connect");
  // HTTP/1.0 knows no chunks: what follows the head is the body.
  const auto request =
      "GET /v1/events" + query + " HTTP/1.0\r\nAuthorization: Bearer " + secret + "\r\n" + more + "\r\n";
  if (::send(socket_.get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
    throw std::runtime_error("send");
  const auto deadline = steady_clock::now() + std::chrono::seconds{10};
  while (unread_.find("\r\n\r\n") == unread_.npos)
    if (!read_more(deadline)) throw std::runtime_error("no answer: " + unread_);
  const auto end = unread_.find("\r\n\r\n");
  const auto head = unread_.substr(0, end);
  if (head.find(" 200 ") == head.npos || head.find("text/event-stream") == head.npos)
    throw std::runtime_error("no event stream: " + unread_);
  unread_.erase(0, end + 4);
  // Its first comment says that nothing is missed from here on.
  if (!block(deadline)) throw std::runtime_error("the event stream did not begin");
}

bool event_follower::read_more(steady_clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - steady_clock::now()).count();
  pollfd waiting{socket_.get(), POLLIN, 0};
  if (ended_ || left <= 0 || ::poll(&waiting, 1, static_cast<int>(left)) <= 0) return false;
  std::array<char, 4096> buffer;
  const auto got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
  ended_ = got <= 0;
  if (got > 0) unread_.append(buffer.data(), static_cast<std::size_t>(got));
  return got > 0;
}

std::optional<std::string> event_follower::block(steady_clock::time_point deadline) {
  while (unread_.find("\n\n") == unread_.npos)
    if (!read_more(deadline)) return std::nullopt;
  const auto end = unread_.find("\n\n");
  auto text = unread_.substr(0, end + 1);
  unread_.erase(0, end + 2);
  return text;
}

std::optional<sent_event> event_follower::next(std::chrono::milliseconds patience) {
  const auto deadline = steady_clock::now() + patience;
  while (auto text = block(deadline)) {
    sent_event e;
    for (std::size_t at = 0; at < text->size();) {
      const auto end = text->find('\n', at);
      const auto line = text->substr(at, end - at);
      at = end + 1;
      if (line.starts_with("id: ")) e.id = line.substr(4);
      if (line.starts_with("event: ")) e.name = line.substr(7);
      if (line.starts_with("data: ")) e.data = boost::json::parse(line.substr(6)).as_object();
    }
    if (!e.name.empty()) return e;  // else a comment
  }
  return std::nullopt;
}

bool event_follower::ended(std::chrono::milliseconds patience) {
  const auto deadline = steady_clock::now() + patience;
  while (read_more(deadline)) unread_.clear();
  return ended_;
}

}  // namespace berth::tests
