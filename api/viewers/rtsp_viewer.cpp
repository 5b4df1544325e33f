#include "api/viewers/rtsp_viewer.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <span>
#include <utility>

#include "api/viewers/rtsp_message.hpp"
#include "net/io/socket_factory.hpp"

namespace berth::api {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t most_replies = 16 * 1024;  // bytes that wait for a client to read them

/// What stands in front of a packet on the connection (RFC 2326 10.12): '$', channel, length.
using packet_head = std::array<std::uint8_t, 4>;

class rtsp_viewer final : public media_viewer {
 public:
  rtsp_viewer(viewer_order order, taken_connection taken, const asio::any_io_executor& executor,
              std::size_t send_buffer, rtsp_delivery delivery, std::string reply)
      : media_viewer(std::move(order)),
        socket_(adopt(std::move(taken.socket), executor, send_buffer)),
        timer_(executor),
        place_(std::move(taken.place)),
        delivery_(std::move(delivery)),
        unread_(std::move(taken.unread)),
        replies_(std::move(reply)) {}

 private:
  void open() override {
    listen();
    flush();
    opened();
  }

  // ---- what the client says

  void listen() {
    socket_.async_read_some(asio::buffer(room_), [this, self = keep()](error_code error, std::size_t bytes) {
      if (error) return cut();
      unread_.append(room_.data(), bytes);
      if (hear()) listen();
    });
  }

  bool hear() {
    for (rtsp_request request;;) switch (take_rtsp(unread_, request)) {
        case rtsp_input::incomplete:
          return true;
        case rtsp_input::interleaved:
          break;
        case rtsp_input::broken:
          cut();
          return false;
        case rtsp_input::request:
          answer(request);
          if (replies_.size() > most_replies) {
            cut();
            return false;
          }
          flush();
      }
  }

  void answer(const rtsp_request& request) {
    const auto& m = request.method;
    if (m == "OPTIONS") {
      replies_ += rtsp_reply(request, 200, {{"Public", std::string{rtsp_methods}}});
    } else if (m == "PAUSE" || m == "PLAY") {
      paused_ = m == "PAUSE";
      if (!paused_ && std::exchange(missed_, false)) resume();
      replies_ += rtsp_reply(request, 200);
    } else if (m == "TEARDOWN") {
      leaving_ = true;
      replies_ += rtsp_reply(request, 200);
    } else {
      replies_ += rtsp_reply(request, m == "GET_PARAMETER" || m == "SET_PARAMETER" ? 200 : 455);
    }
  }

  // ---- what it gets

  void send(chunks media) override {
    bytes_ = 0;
    if (paused_) {
      missed_ = true;
      return sent_soon();
    }
    if (!delivery_.over_tcp()) {
      datagrams_ = media;
      next_ = 0;
      return send_datagrams();
    }
    media_ = media;
    flush();
  }

  // Not from here: whoever called send() is still at it.
  void sent_soon() {
    progressed();
    asio::post(timer_.get_executor(), [this, self = keep()] { sent({}, bytes_); });
  }

  // Replies stand between whole packets.
  void flush() {
    if (writing_ || (replies_.empty() && media_.empty())) return;
    writing_ = true;
    on_way_ = std::exchange(replies_, {});
    parts_.clear();
    if (!on_way_.empty()) parts_.emplace_back(asio::buffer(on_way_));
    const bool with_media = !media_.empty();
    if (with_media) interleave(std::exchange(media_, {}));
    const bool last = leaving_;
    asio::async_write(
        socket_, std::span{std::as_const(parts_)},
        [this](error_code error, std::size_t) -> std::size_t {
          progressed();
          return error ? 0 : most_at_once;
        },
        [this, self = keep(), with_media, last](error_code error, std::size_t) {
          writing_ = false;
          if (error || last) return cut();
          if (with_media) sent(error, bytes_);
          flush();
        });
  }

  // The packets stay where they are; only what stands in front of them is this client's own.
  void interleave(chunks media) {
    std::size_t most = 0;
    for (const auto& c : media) most += c->packets.size();
    heads_.clear();
    heads_.reserve(most);  // they must not move any more: parts_ points at them
    for (const auto& c : media)
      for (const auto& p : c->packets) {
        const auto& t = delivery_.tracks[p.track];
        if (!t) continue;
        const auto channel = std::get<rtsp_delivery::to_channel>(*t).channel + (p.report ? 1 : 0);
        auto& head = heads_.emplace_back(packet_head{'$', static_cast<std::uint8_t>(channel)});
        net::store_be16(&head[2], p.size);
        parts_.emplace_back(asio::buffer(head));
        parts_.emplace_back(c->bytes_of(p).data(), p.size);
        bytes_ += head.size() + p.size;
      }
  }

  void send_datagrams() {
    std::size_t count = 0;
    for (; !datagrams_.empty(); datagrams_ = datagrams_.subspan(1), next_ = 0) {
      const auto& c = *datagrams_.front();
      for (; next_ < c.packets.size(); ++next_) {
        if (count++ == packets_a_turn) return rest();
        const auto& p = c.packets[next_];
        send_datagram(p, c.bytes_of(p));
      }
    }
    sent_soon();
  }

  void rest() {
    timer_.expires_after(rest_between_turns);
    timer_.async_wait([this, self = keep()](error_code cancelled) {
      if (!cancelled && !over()) send_datagrams();
    });
  }

  void send_datagram(const net::chunk::packet& p, net::bytes_view bytes) {
    const auto& t = delivery_.tracks[p.track];
    if (!t) return;
    const auto& to = std::get<rtsp_delivery::to_ports>(*t);
    const auto& from = p.report ? delivery_.ports->rtcp : delivery_.ports->rtp;
    net::send_datagram(from.get(), bytes, p.report ? to.rtcp : to.rtp);
    bytes_ += bytes.size();
  }

  void say_goodbye(ending) override {
    error_code failed;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, failed);
    if (failed) cut();
  }

  void close() noexcept override {
    error_code ignored;
    socket_.close(ignored);
    timer_.cancel();
    delivery_.ports.reset();
    place_.reset();
  }

  asio::ip::tcp::socket socket_;
  asio::steady_timer timer_;
  std::shared_ptr<void> place_;
  rtsp_delivery delivery_;
  std::array<char, 1024> room_{};
  std::string unread_;
  std::string replies_;                    // that wait
  std::string on_way_;                     // replies of the write under way
  chunks media_;                           // that waits for the connection
  std::vector<packet_head> heads_;         // of the write under way
  std::vector<asio::const_buffer> parts_;  // likewise
  chunks datagrams_;                       // chunks of which some are still to be sent
  std::size_t next_ = 0;                   // packet of the first of them
  std::size_t bytes_ = 0;                  // of the media under way
  bool writing_ = false;
  bool paused_ = false;
  bool missed_ = false;  // something, while it was paused
  bool leaving_ = false;
};

}  // namespace

media_viewer_ptr make_rtsp_viewer(viewer_order order, taken_connection taken, const asio::any_io_executor& executor,
                                  std::size_t send_buffer, rtsp_delivery delivery, std::string reply) {
  return std::make_shared<rtsp_viewer>(std::move(order), std::move(taken), executor, send_buffer, std::move(delivery),
                                       std::move(reply));
}

}  // namespace berth::api
