#include "net/rtc/rtc_reception.hpp"

#include <array>

#include "net/rtc/missing_packets.hpp"
#include "net/rtp/rtcp_feedback.hpp"
#include "net/rtp/rtcp_packet.hpp"
#include "net/rtp/stream_counters.hpp"

namespace berth::net {
namespace {

constexpr duration report_interval = std::chrono::seconds{1};
constexpr duration key_frame_interval = std::chrono::seconds{2};
constexpr std::uint8_t no_payload_type = 255;

/// Puts the pieces of a unit together, behind start codes.
class unit_collector final : public elementary_sink {
 public:
  explicit unit_collector(std::function<void(container_unit)> out) : out_(std::move(out)) {}

  void unit_begin(const elementary_stream& stream, std::optional<raw_stamps> stamps) override {
    unit_ = {};
    unit_.stream = stream;
    unit_.stamps = stamps;
  }
  void bytes(bytes_view piece) override { append(piece); }
  void nal_begin() override { append(start_code); }
  void nal_bytes(bytes_view piece) override { append(piece); }
  void nal_end() override {}
  void unit_end(bool damaged) override {
    if (!damaged && !unit_.data.empty()) out_(std::move(unit_));
    unit_ = {};
  }
  void lost() override {}
  void access_unit_end() override {}

 private:
  static constexpr std::array<std::uint8_t, 4> start_code{0, 0, 0, 1};
  void append(bytes_view piece) { unit_.data.insert(unit_.data.end(), piece.begin(), piece.end()); }

  std::function<void(container_unit)> out_;
  container_unit unit_;
};

media_options options_for(const rtc_format& f) {
  media_options o;
  o.h264_pt = f.format == codec::h264 ? f.payload_type : no_payload_type;
  o.h265_pt = f.format == codec::h265 ? f.payload_type : no_payload_type;
  o.opus_pt = f.format == codec::opus ? f.payload_type : no_payload_type;
  return o;
}

}  // namespace

/// One track's packets on their way to units.
class rtc_reception::receiver final : private ordered_sink {
 public:
  receiver(const rtc_format& format, std::function<void(container_unit)> out)
      : format_(format),
        rtp_(counters_, {.policy = source_policy::any}),
        units_(std::move(out)),
        options_(options_for(format)),
        payloads_(units_, media_, options_),
        order_(*this, media_, {}) {}

  bool takes(std::uint8_t payload_type) const noexcept { return payload_type == format_.payload_type; }
  bool is_from(std::uint32_t ssrc) const noexcept { return rtp_.ssrc() == ssrc; }
  bool is_video() const noexcept { return net::is_video(format_.format); }

  void push(bytes_view packet, time_point now) {
    const auto accepted = rtp_.on_datagram(packet, from_, now);
    if (!accepted) return;
    missing_.came(accepted->packet.sequence, accepted->first || accepted->restarted, now);
    order_.push(*accepted, now);
  }
  void report(bytes_view rtcp, time_point now) { rtp_.on_rtcp(rtcp, now); }

  void look(time_point now, rtc_session::packet_list& out) {
    order_.expire(now);
    if (!rtp_.has_received()) return;
    if (now >= report_due_) {
      report_due_ = now + report_interval;
      std::vector<std::uint8_t> b(320);
      b.resize(rtp_.make_receiver_report(b, now));
      if (!b.empty()) out.push_back(std::move(b));
    }
    if (const auto wanted = missing_.to_ask_for(now); !wanted.empty())
      out.push_back(negative_acknowledgement(*rtp_.ssrc(), wanted));
    if (is_video() && now >= key_frame_due_) {
      key_frame_due_ = now + key_frame_interval;
      out.push_back(picture_loss(*rtp_.ssrc()));
    }
  }

 private:
  void on_packet(const ordered_packet& p) override {
    if (p.restarted) payloads_.reset();
    payloads_.push(p.payload_type, {p.timestamp, p.marker, p.payload}, p.missing > 0);
  }

  const rtc_format format_;
  const endpoint from_ = *endpoint::parse("0.0.0.0", 1);  // the session has one peer, and knows it
  stream_counters counters_;
  media_counters media_;
  rtp_receiver rtp_;
  unit_collector units_;
  const media_options options_;  // those that payloads_ refers to
  payload_set payloads_;
  reorder_buffer order_;
  missing_packets missing_;
  time_point report_due_{};
  time_point key_frame_due_{};
};

/// The source's end of it.
class rtc_reception::voice final : public media_source {
 public:
  voice(std::shared_ptr<rtc_reception> of, std::function<void()> stop) : of_(std::move(of)), stop_(std::move(stop)) {}
  ~voice() override { stop_(); }
  std::deque<source_item> take() override {
    const std::lock_guard lock{of_->mutex_};
    return std::exchange(of_->items_, {});
  }
  void stop() override { stop_(); }
  void seek(duration) override {}
  void set_speed(double) override {}

 private:
  std::shared_ptr<rtc_reception> of_;
  std::function<void()> stop_;
};

rtc_reception::rtc_reception(const std::vector<rtc_choice>& choices) {
  for (const auto& c : choices) {
    if (!c.format) continue;
    (is_video(c.format->format) ? announced_.video : announced_.audio) = true;
    receivers_.push_back(std::make_unique<receiver>(*c.format, [this](container_unit u) {
      give({source_item::kind::unit, {}, std::move(u)});
    }));
  }
}

rtc_reception::~rtc_reception() = default;

void rtc_reception::on_packet(bytes_view packet, bool rtcp, time_point now) {
  if (packet.size() < 8) return;
  const auto sender = rtcp ? load_be32(&packet[4]) : 0;
  for (const auto& r : receivers_) {
    if (rtcp && r->is_from(sender)) r->report(packet, now);
    if (!rtcp && r->takes(packet[1] & 0x7f)) r->push(packet, now);
  }
}

rtc_session::packet_list rtc_reception::look(time_point now) {
  rtc_session::packet_list out;
  for (const auto& r : receivers_) r->look(now, out);
  return out;
}

void rtc_reception::end(const std::string& why) { give({source_item::kind::ended, {}, {}, why}); }

void rtc_reception::give(source_item item) {
  std::function<void()> wake;
  {
    const std::lock_guard lock{mutex_};
    const bool last = item.what == source_item::kind::ended;
    if (ended_ || (!last && items_.size() >= most_items)) return;
    ended_ = last;
    if (items_.empty()) wake = wake_;
    items_.push_back(std::move(item));
  }
  if (wake) wake();
}

std::unique_ptr<media_source> rtc_reception::source(std::function<void()> wake, std::function<void()> stop) {
  {
    const std::lock_guard lock{mutex_};
    wake_ = wake;
    items_.push_front({source_item::kind::opened, announced_});
  }
  wake();
  return std::make_unique<voice>(shared_from_this(), std::move(stop));
}

}  // namespace berth::net
