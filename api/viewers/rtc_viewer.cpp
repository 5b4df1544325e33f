#include "api/viewers/rtc_viewer.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

namespace berth::api {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

class rtc_viewer final : public media_viewer {
 public:
  rtc_viewer(viewer_order order, const asio::any_io_executor& executor, rtc_delivery delivery)
      : media_viewer(std::move(order)), timer_(executor), delivery_(std::move(delivery)) {}

 private:
  void open() override {
    const auto executor = timer_.get_executor();
    const std::weak_ptr<media_viewer> weak = keep();
    delivery_.link->listen(
        [this, weak, executor] {
          asio::post(executor, [this, weak] {
            if (const auto self = weak.lock()) opened();
          });
        },
        [this, weak, executor] {
          asio::post(executor, [this, weak] {
            if (const auto self = weak.lock()) cut();
          });
        });
  }

  // The packets are everybody's: what is addressed to this browser, and encrypted for it, are copies.
  void send(chunks media) override {
    packets_.clear();
    next_ = 0;
    bytes_ = 0;
    for (const auto& c : media)
      for (const auto& p : c->packets) {
        const auto& place = delivery_.tracks[p.track];
        if (!place) continue;
        const auto packet = c->bytes_of(p);
        packets_.emplace_back(packet.begin(), packet.end());
        address(packets_.back(), *place, p.report);
        bytes_ += p.size;
      }
    send_some();
  }

  // The names in a packet are those that this browser was told.
  static void address(std::vector<std::uint8_t>& packet, const rtc_delivery::place& to, bool report) {
    if (!report) packet[1] = static_cast<std::uint8_t>((packet[1] & 0x80) | to.payload_type);
    net::store_be32(&packet[report ? 4 : 8], to.ssrc);
  }

  void send_some() {
    net::rtc_session::packet_list some;
    while (next_ < packets_.size() && some.size() < packets_a_turn) some.push_back(std::move(packets_[next_++]));
    delivery_.session->send(std::move(some), [this, self = keep(), executor = timer_.get_executor()] {
      asio::post(executor, [this, self] { went_out(); });
    });
  }

  void went_out() {
    if (over()) return;
    progressed();
    if (next_ == packets_.size()) return sent({}, bytes_);
    timer_.expires_after(rest_between_turns);
    timer_.async_wait([this, self = keep()](error_code cancelled) {
      if (!cancelled && !over()) send_some();
    });
  }

  void say_goodbye(ending) override { cut(); }

  void close() noexcept override {
    timer_.cancel();
    delivery_.session->stop();
  }

  asio::steady_timer timer_;
  rtc_delivery delivery_;
  net::rtc_session::packet_list packets_;  // on their way
  std::size_t next_ = 0;
  std::size_t bytes_ = 0;  // of all of them
};

}  // namespace

media_viewer_ptr make_rtc_viewer(viewer_order order, const asio::any_io_executor& executor, rtc_delivery delivery) {
  return std::make_shared<rtc_viewer>(std::move(order), executor, std::move(delivery));
}

}  // namespace berth::api
