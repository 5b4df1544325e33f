#include "api/viewers/rtsp_viewer.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "api/viewers/rtsp_message.hpp"
#include "net/egress/rtp_muxer.hpp"
#include "net/io/socket_factory.hpp"

namespace berth::api {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t most_at_once = 1024 * 1024;
constexpr std::size_t most_replies = 16 * 1024;  // bytes that wait for a client to read them
constexpr std::size_t prefix = 4;                // '$', channel, length
constexpr std::size_t datagrams_a_turn = 64;     // then the receiver's buffer gets a rest
constexpr auto rest_between_turns = std::chrono::milliseconds{2};

net::bytes_view bytes_of(const asio::const_buffer& b) { return {static_cast<const std::uint8_t*>(b.data()), b.size()}; }

class rtsp_viewer final : public media_viewer {
 public:
  rtsp_viewer(viewer_order order, taken_connection taken, const asio::any_io_executor& strand, std::size_t send_buffer,
              rtsp_delivery delivery, std::string reply)
      : media_viewer(std::move(order)),
        socket_(adopt(std::move(taken.socket), strand, send_buffer)),
        timer_(strand),
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

  void send(const std::vector<asio::const_buffer>& bytes) override {
    if (paused_) {
      missed_ = true;
      return sent_soon();
    }
    media_ = bytes;
    if (!delivery_.over_tcp()) {
      buffer_ = 0;
      offset_ = 0;
      return send_datagrams();
    }
    if (!as_it_is()) take_apart();
    has_media_ = true;
    flush();
  }

  // Not from here: whoever called send() is still at it.
  void sent_soon() {
    progressed();
    asio::post(timer_.get_executor(), [this, self = keep()] { sent({}); });
  }

  // Replies stand between whole packets.
  void flush() {
    if (writing_ || (replies_.empty() && !has_media_)) return;
    writing_ = true;
    on_way_ = std::exchange(replies_, {});
    parts_.clear();
    if (!on_way_.empty()) parts_.push_back(asio::buffer(on_way_));
    const bool with_media = std::exchange(has_media_, false);
    if (with_media) parts_.insert(parts_.end(), media_.begin(), media_.end());
    const bool last = leaving_;
    asio::async_write(
        socket_, parts_,
        [this](error_code error, std::size_t) -> std::size_t {
          progressed();
          return error ? 0 : most_at_once;
        },
        [this, self = keep(), with_media, last](error_code error, std::size_t) {
          writing_ = false;
          if (error || last) return cut();
          if (with_media) sent(error);
          flush();
        });
  }

  // The channels are those of the muxer, and all of them are wanted.
  bool as_it_is() const noexcept {
    for (std::size_t i = 0; i < delivery_.tracks.size(); ++i) {
      const auto& t = delivery_.tracks[i];
      if (!t || std::get<rtsp_delivery::to_channel>(*t).channel != 2 * i) return false;
    }
    return true;
  }

  void take_apart() {
    own_.clear();
    for (const auto& b : media_)
      net::for_each_interleaved(bytes_of(b), [this](std::uint8_t channel, net::bytes_view packet) {
        const auto& t = delivery_.tracks[channel / 2];
        if (!t) return;
        const auto to = std::get<rtsp_delivery::to_channel>(*t).channel + channel % 2;
        const std::array<std::uint8_t, prefix> head{'$', static_cast<std::uint8_t>(to),
                                                    static_cast<std::uint8_t>(packet.size() >> 8),
                                                    static_cast<std::uint8_t>(packet.size())};
        own_.append(head.begin(), head.end());
        own_.append(packet.begin(), packet.end());
      });
    media_.assign(1, asio::buffer(own_));
  }

  void send_datagrams() {
    std::size_t count = 0;
    for (; buffer_ < media_.size(); ++buffer_, offset_ = 0) {
      const auto& b = media_[buffer_];
      const auto* p = static_cast<const std::uint8_t*>(b.data());
      while (offset_ + prefix <= b.size()) {
        if (count++ == datagrams_a_turn) return rest();
        const std::size_t length = net::load_be16(p + offset_ + 2);
        send_datagram(p[offset_ + 1], {p + offset_ + prefix, length});
        offset_ += prefix + length;
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

  void send_datagram(std::uint8_t channel, net::bytes_view packet) const {
    const auto& t = delivery_.tracks[channel / 2];
    if (!t) return;
    const auto& to = std::get<rtsp_delivery::to_ports>(*t);
    const bool report = channel % 2 != 0;
    const auto& from = report ? delivery_.ports->rtcp : delivery_.ports->rtp;
    net::send_datagram(from.get(), packet, report ? to.rtcp : to.rtp);
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
  std::string replies_;  // that wait
  std::string on_way_;   // replies of the write under way
  std::vector<asio::const_buffer> media_;
  std::vector<asio::const_buffer> parts_;  // of the write under way
  std::string own_;                        // media with other channels
  std::size_t buffer_ = 0, offset_ = 0;    // of the next datagram
  bool has_media_ = false;                 // for the connection
  bool writing_ = false;
  bool paused_ = false;
  bool missed_ = false;  // something, while it was paused
  bool leaving_ = false;
};

}  // namespace

media_viewer_ptr make_rtsp_viewer(viewer_order order, taken_connection taken, const asio::any_io_executor& strand,
                                  std::size_t send_buffer, rtsp_delivery delivery, std::string reply) {
  return std::make_shared<rtsp_viewer>(std::move(order), std::move(taken), strand, send_buffer, std::move(delivery),
                                       std::move(reply));
}

}  // namespace berth::api
