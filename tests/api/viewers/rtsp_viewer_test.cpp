// Viewers over RTSP on sockets of the loopback: each gets exactly what it has set up, in the framing of its way.
#include "api/viewers/rtsp_viewer.hpp"

#include <sys/socket.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <thread>

#include "api/viewers/viewer_groups.hpp"
#include "net/egress/rtp_muxer.hpp"
#include "net/io/socket_factory.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/condition.hpp"
#include "tests/support/packets.hpp"

using namespace berth;
using namespace berth::tests;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto viewer_patience = 20s;
constexpr net::muxer_options as_told{.ssrc = 0x7001, .begun = net::wall_time{1'700'000'000s}};
const std::string play_reply = "RTSP/1.0 200 OK\r\nCSeq: 9\r\nRange: npt=now-\r\n\r\n";

/// A packet as the muxer made it, or as a player got it.
struct seen_packet {
  std::size_t track = 0;
  bool report = false;
  bytes data;
  bool operator==(const seen_packet&) const = default;
};
using packet_list = std::vector<seen_packet>;

packet_list only(const packet_list& all, std::size_t track) {
  packet_list some;
  for (const auto& p : all)
    if (p.track == track) some.push_back(p);
  return some;
}

void add(packet_list& to, const packet_list& more) { to.insert(to.end(), more.begin(), more.end()); }

/// The client's end of a connection. Gives up after a while, so that a test fails instead of hanging.
class player {
 public:
  explicit player(const tcp::endpoint& to, int receive_buffer = 0) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval limit{20, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (receive_buffer > 0) ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    REQUIRE(::connect(fd_.get(), to.data(), static_cast<socklen_t>(to.size())) == 0);
  }
  void ask(const std::string& method) {
    const auto text = method + " rtsp://test/rtp/cam RTSP/1.0\r\nCSeq: " + std::to_string(++asked_) + "\r\n\r\n";
    REQUIRE(::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
  }
  /// The next reply; what comes before it must be whole packets.
  std::string reply() {
    while (peek() == '$')
      if (!packet()) return {};
    std::string text;
    while (!text.ends_with("\r\n\r\n")) {
      if (!fill(1)) return {};
      text += static_cast<char>(unread_[at_++]);
    }
    return text;
  }
  /// Reads until so many packets have come; false if anything else does.
  bool read(std::size_t count) {
    while (packets.size() < count)
      if (peek() != '$' || !packet()) return false;
    return true;
  }

  std::vector<std::pair<std::uint8_t, bytes>> packets;  ///< by channel
  std::size_t bytes_of_media = 0;

 private:
  bool fill(std::size_t size) {
    while (unread_.size() - at_ < size) {
      std::uint8_t piece[16384];
      const auto n = ::recv(fd_.get(), piece, sizeof piece, 0);
      if (n <= 0) return false;
      unread_.erase(unread_.begin(), unread_.begin() + static_cast<std::ptrdiff_t>(std::exchange(at_, 0)));
      append(unread_, bytes(piece, piece + n));
    }
    return true;
  }
  int peek() { return fill(1) ? unread_[at_] : -1; }
  bool packet() {
    if (!fill(4)) return false;
    const auto channel = unread_[at_ + 1];
    const std::size_t size = net::load_be16(&unread_[at_ + 2]);
    if (!fill(4 + size)) return false;
    const auto* const begin = &unread_[at_ + 4];
    packets.emplace_back(channel, bytes(begin, begin + size));
    at_ += 4 + size;
    bytes_of_media += 4 + size;
    return true;
  }

  net::unique_fd fd_;
  bytes unread_;
  std::size_t at_ = 0;
  int asked_ = 0;
};

/// A stream of pictures and sound, and a group of viewers for it on a thread.
class rtsp_lab {
 public:
  rtsp_lab() {
    auto v = std::make_shared<net::track>();
    v->format = net::codec::h264;
    v->configuration = {1, 0x42, 0, 0x1e, 0xff, 0xe0, 0};
    auto a = std::make_shared<net::track>();
    a->format = net::codec::pcma;
    a->kind = net::media_kind::audio;
    a->sample_rate = 8000;
    a->channels = 1;
    video_ = v;
    audio_ = a;
    frames_->set_tracks({video_, audio_});
    feed_ = groups_.make_feed(frames_, net::container::rtp, as_told);
    muxer_.emplace(frames_->tracks(), as_told);
    thread_ = std::thread{[this] { io_.run(); }};
  }
  ~rtsp_lab() {
    guard_.reset();
    io_.stop();
    thread_.join();
  }

  /// Lets in who has set up that delivery; it watches when this returns.
  std::unique_ptr<player> watch(api::rtsp_delivery delivery, std::size_t send_buffer = 0, int receive_buffer = 0) {
    auto client = std::make_unique<player>(acceptor_.local_endpoint(), receive_buffer);
    api::taken_connection taken;
    taken.socket = net::unique_fd{acceptor_.accept().release()};
    actors::viewer who;
    who.id = viewers_.next_id();
    who.as = net::schema::rtsp;
    entry = viewers_.add(who, 100);
    auto& group = groups_.emptiest();
    group.admit(api::make_rtsp_viewer({feed_, frames_, entry, {}, viewer_patience}, std::move(taken), group.executor(),
                                      send_buffer, std::move(delivery), play_reply));
    settle();
    CHECK(client->reply() == play_reply);
    return client;
  }

  /// One picture and the sound of its 40 ms; the packets that they are.
  packet_list write(bool key, std::size_t size = 3000) {
    const auto dts = static_cast<std::int64_t>(number_) * 3600;
    auto picture = std::make_shared<net::frame>();
    picture->of = video_;
    picture->key = key;
    picture->data.assign(size, static_cast<std::uint8_t>(number_));
    net::store_be32(picture->data.data(), static_cast<std::uint32_t>(size - 4));
    picture->data[4] = key ? 0x65 : 0x41;
    auto sound = std::make_shared<net::frame>();
    sound->of = audio_;
    sound->data.assign(320, static_cast<std::uint8_t>(number_));
    ++number_;
    packet_list made;
    for (const auto& f : {picture, sound}) {
      f->dts = f->pts = dts;
      const auto c = muxer_->write(*f);
      for (const auto& p : c->packets) {
        const auto b = c->bytes_of(p);
        made.push_back({p.track, p.report, {b.begin(), b.end()}});
      }
      frames_->on_frame(f);
    }
    frames_->publish();
    return made;
  }
  packet_list write_gop(int count) {
    packet_list made;
    for (int i = 0; i < count; ++i) add(made, write(i == 0));
    return made;
  }
  /// All that was posted to the viewers before is done.
  void settle() {
    std::promise<void> done;
    asio::post(groups_.emptiest().executor(), [&] { done.set_value(); });
    done.get_future().wait();
  }

  api::viewer_registry::entry_ptr entry;  ///< of who came last

 private:
  api::context_pool contexts_{1};
  asio::io_context& io_ = contexts_[0];
  asio::executor_work_guard<asio::io_context::executor_type> guard_{io_.get_executor()};
  tcp::acceptor acceptor_{io_, {asio::ip::address_v4::loopback(), 0}};
  api::viewer_registry viewers_;
  api::viewer_groups groups_{contexts_, [] { return 50ms; }};
  net::fan_out_ptr frames_ = std::make_shared<net::fan_out>();
  net::track_ptr video_, audio_;
  api::viewer_feed_ptr feed_;
  std::optional<net::rtp_muxer> muxer_;  // the same again
  std::uint32_t number_ = 0;
  std::thread thread_;
};

using channels = std::array<std::optional<std::uint8_t>, 2>;

api::rtsp_delivery on_channels(const channels& wanted) {
  api::rtsp_delivery d;
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (wanted[i]) d.tracks[i] = api::rtsp_delivery::to_channel{*wanted[i]};
  return d;
}

std::vector<std::pair<std::uint8_t, bytes>> as_sent_on(const channels& wanted, const packet_list& made) {
  std::vector<std::pair<std::uint8_t, bytes>> out;
  for (const auto& p : made)
    if (const auto& c = wanted[p.track]) out.emplace_back(static_cast<std::uint8_t>(*c + (p.report ? 1 : 0)), p.data);
  return out;
}

net::unique_fd udp_socket() {
  net::posix_socket_factory sockets;
  auto made = sockets.bind_udp(*net::endpoint::parse("127.0.0.1", 0), {});
  REQUIRE(made);
  return std::move(*made);
}

/// The next datagram; empty if none comes.
bytes receive(const net::unique_fd& from) {
  std::array<std::uint8_t, 2048> room;
  ssize_t n = -1;
  eventually(viewer_patience, [&] { return (n = ::recv(from.get(), room.data(), room.size(), MSG_DONTWAIT)) >= 0; });
  return n < 0 ? bytes{} : bytes(room.begin(), room.begin() + n);
}

bool nothing_waits_at(const net::unique_fd& s) {
  char c = 0;
  return ::recv(s.get(), &c, 1, MSG_DONTWAIT) < 0;
}

}  // namespace

TEST_CASE("rtsp_viewer: a player on a connection gets its tracks' packets on its channels, and nothing else",
          "[rtsp_viewer]") {
  const auto wanted = GENERATE(channels{0, 2}, channels{10, 4}, channels{2, 0}, channels{255, 254},
                               channels{6, std::nullopt}, channels{std::nullopt, 0}, channels{std::nullopt, 9});
  rtsp_lab lab;
  const auto p = lab.watch(on_channels(wanted));
  auto made = lab.write_gop(20);
  lab.settle();  // who has not begun yet begins with the newest group
  add(made, lab.write_gop(20));
  const auto expected = as_sent_on(wanted, made);
  REQUIRE(expected.size() >= 80);
  REQUIRE(p->read(expected.size()));
  CHECK(p->packets == expected);
  CHECK(eventually(viewer_patience, [&] { return lab.entry->bytes == p->bytes_of_media; }));
  p->ask("OPTIONS");  // answered behind all that there is
  CHECK(p->reply().starts_with("RTSP/1.0 200 OK\r\nCSeq: 1\r\n"));
  CHECK(p->packets.size() == expected.size());
}

TEST_CASE("rtsp_viewer: players of one stream take the same packets, each its way", "[rtsp_viewer]") {
  rtsp_lab lab;
  const std::vector<channels> all{{0, 2}, {40, 42}, {std::nullopt, 7}};
  std::vector<std::unique_ptr<player>> players;
  for (const auto& wanted : all) players.push_back(lab.watch(on_channels(wanted)));
  const auto made = lab.write_gop(50);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto expected = as_sent_on(all[i], made);
    CHECK(players[i]->read(expected.size()));
    CHECK(players[i]->packets == expected);
  }
}

TEST_CASE("rtsp_viewer: a reply stands between whole packets, however slowly the player reads", "[rtsp_viewer]") {
  rtsp_lab lab;
  const channels wanted{0, 8};
  const auto p = lab.watch(on_channels(wanted), 4096, 4096);
  auto expected = as_sent_on(wanted, lab.write(true, 2'000'000));
  for (int i = 0; i < 40; ++i) {
    p->ask(i % 2 == 0 ? "GET_PARAMETER" : "OPTIONS");
    const auto more = as_sent_on(wanted, lab.write(false, 50'000));
    expected.insert(expected.end(), more.begin(), more.end());
  }
  for (int i = 1; i <= 40; ++i) CHECK(p->reply().starts_with("RTSP/1.0 200 OK\r\nCSeq: " + std::to_string(i) + "\r\n"));
  REQUIRE(p->read(expected.size()));
  CHECK(p->packets == expected);
}

TEST_CASE("rtsp_viewer: what comes during a pause is neither sent nor counted, and a key frame is next",
          "[rtsp_viewer]") {
  rtsp_lab lab;
  const channels wanted{0, 2};
  const auto p = lab.watch(on_channels(wanted));
  auto expected = as_sent_on(wanted, lab.write_gop(3));
  REQUIRE(p->read(expected.size()));
  p->ask("PAUSE");
  CHECK(p->reply().starts_with("RTSP/1.0 200"));
  lab.write_gop(3);
  lab.settle();
  p->ask("PLAY");
  CHECK(p->reply().starts_with("RTSP/1.0 200"));
  lab.write(false);
  lab.settle();
  const auto more = as_sent_on(wanted, lab.write_gop(3));
  expected.insert(expected.end(), more.begin(), more.end());
  REQUIRE(p->read(expected.size()));
  CHECK(p->packets == expected);
  CHECK(eventually(viewer_patience, [&] { return lab.entry->bytes == p->bytes_of_media; }));
}

TEST_CASE("rtsp_viewer: over UDP each packet is a datagram of its own, to the port of its track", "[rtsp_viewer]") {
  const auto tracks =
      GENERATE(std::vector<std::size_t>{0, 1}, std::vector<std::size_t>{0}, std::vector<std::size_t>{1});
  rtsp_lab lab;
  std::array<std::array<net::unique_fd, 2>, 2> at;  // by track, then reports
  api::rtsp_delivery d;
  d.ports = api::rtsp_ports{udp_socket(), udp_socket(), 0};
  for (const auto t : tracks) {
    for (auto& s : at[t]) s = udp_socket();
    d.tracks[t] =
        api::rtsp_delivery::to_ports{net::local_endpoint(at[t][0].get()), net::local_endpoint(at[t][1].get())};
  }
  const auto p = lab.watch(std::move(d));
  std::size_t sent = 0;
  for (int i = 0; i < 30; ++i) {
    // The first one is more than what goes out in one turn.
    const auto made = lab.write(i % 15 == 0, i == 0 ? 140'000 : 3000);
    for (const auto t : tracks)
      for (const auto& m : only(made, t)) {
        CHECK(receive(at[t][m.report ? 1 : 0]) == m.data);
        sent += m.data.size();
      }
  }
  for (const auto t : tracks)
    for (const auto& s : at[t]) CHECK(nothing_waits_at(s));
  CHECK(eventually(viewer_patience, [&] { return lab.entry->bytes == sent; }));
  p->ask("GET_PARAMETER");
  CHECK(p->reply().starts_with("RTSP/1.0 200"));
  CHECK(p->packets.empty());
}
