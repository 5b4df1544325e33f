#include "net/io/udp_reader.hpp"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <cstring>

#include "net/io/socket_factory.hpp"
#include "tests/support/catch.hpp"

using namespace berth::net;

namespace {

struct pair_of_sockets {
  explicit pair_of_sockets(bool joined)
      : receiver(std::move(*posix_socket_factory{}.bind_udp(*endpoint::parse("127.0.0.1", 0), {.joined = joined}))) {}

  /// `count` datagrams of `size` bytes, the last one of `last`, in one call; the kernel cuts them apart, or does not.
  void send(std::size_t count, std::size_t size, std::size_t last) {
    std::vector<std::uint8_t> bytes((count - 1) * size + last);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i / size);
    sockaddr_storage to;
    const auto length = local_endpoint(receiver.get()).to_sockaddr(to, AF_INET);
    const int segment = static_cast<int>(size);
    REQUIRE(::setsockopt(sender.get(), SOL_UDP, 103 /* UDP_SEGMENT */, &segment, sizeof segment) == 0);
    REQUIRE(::sendto(sender.get(), bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&to), length) ==
            static_cast<ssize_t>(bytes.size()));
  }

  unique_fd receiver;
  unique_fd sender{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
};

}  // namespace

TEST_CASE("a batch has every datagram once and whole, whether the kernel has joined them or not") {
  const bool joined = GENERATE(false, true);
  INFO((joined ? "joined" : "apart"));
  pair_of_sockets s{joined};
  udp_reader reader{joined};
  s.send(20, 1000, 700);
  std::size_t seen = 0;
  for (std::size_t n = reader.read(s.receiver.get(), time_point{}); n > 0;
       n = reader.read(s.receiver.get(), time_point{})) {
    for (std::size_t i = 0; i < n; ++i, ++seen) {
      const auto& d = reader[i];
      REQUIRE(d.bytes.size() == (seen == 19 ? 700 : 1000));
      CHECK(d.bytes.front() == seen);
      CHECK(d.bytes.back() == seen);
      CHECK_FALSE(d.truncated);
      CHECK(d.from.port() == local_endpoint(s.sender.get()).port());
    }
  }
  CHECK(seen == 20);
}

TEST_CASE("a full batch says that there may be more, an empty socket says nothing") {
  pair_of_sockets s{false};
  udp_reader reader;
  s.send(udp_reader::batch_size + 1, 100, 100);
  CHECK(reader.read(s.receiver.get(), time_point{}) == udp_reader::batch_size);
  CHECK(reader.more());
  CHECK(reader.read(s.receiver.get(), time_point{}) == 1);
  CHECK_FALSE(reader.more());
  CHECK(reader.read(s.receiver.get(), time_point{}) == 0);
  CHECK_FALSE(reader.more());
}

TEST_CASE("a datagram that is longer than a buffer is cut and says so, an empty one is there") {
  pair_of_sockets s{false};
  udp_reader reader;
  s.send(1, 10000, 10000);
  REQUIRE(reader.read(s.receiver.get(), time_point{}) == 1);
  CHECK(reader[0].truncated);
  CHECK(reader[0].bytes.size() == udp_reader::buffer_size);
  sockaddr_storage to;
  const auto length = local_endpoint(s.receiver.get()).to_sockaddr(to, AF_INET);
  REQUIRE(::sendto(s.sender.get(), nullptr, 0, 0, reinterpret_cast<sockaddr*>(&to), length) == 0);
  REQUIRE(reader.read(s.receiver.get(), time_point{}) == 1);
  CHECK(reader[0].bytes.empty());
}
