#include "net/ingest/media_receiver.hpp"

#include <algorithm>

namespace berth::net {
namespace {

// The packets of one picture follow each other closer than that.
constexpr duration quiet = std::chrono::milliseconds{200};

}  // namespace

media_receiver::media_receiver(live_media_ptr media, const media_options& options, track_wish wish,
                               std::function<void()> on_complete)
    : media_(std::move(media)),
      options_(options),
      outlet_(media_, options, wish, std::move(on_complete)),
      order_(*this, media_->counters, {.patience = options.reorder_patience}) {}

void media_receiver::take(const accepted_packet& packet, time_point now) {
  outlet_.count(packet.packet.whole.size());
  newest_packet_ = now;
  if (payloads_)
    push(packet, now);
  else
    keep(packet, now);
}

// What does not fit is lost: the decision has taken longer than anybody would wait for.
void media_receiver::keep(const accepted_packet& packet, time_point now) {
  const auto& payload = packet.packet.payload;
  if (kept_bytes_ + payload.size() > options_.max_held) {
    media_->counters.gaps.add();
    return;
  }
  kept_bytes_ += payload.size();
  kept_.push_back({packet, {payload.begin(), payload.end()}, now});
  kept_.back().packet.packet.payload = kept_.back().bytes;
}

void media_receiver::begin(const decision& how, time_point now) {
  if (payloads_) return;
  outlet_.begin(how, [this] { return payloads_->announced(); });
  payloads_.emplace(outlet_.maker(), media_->counters, options_);
  for (const auto& k : kept_) push(k.packet, k.arrival);
  kept_ = {};
  kept_bytes_ = 0;
  outlet_.end_batch(now);
}

void media_receiver::push(const accepted_packet& packet, time_point now) {
  arrival_ = now;
  order_.push(packet, now);
}

void media_receiver::on_packet(const ordered_packet& p) {
  outlet_.maker().set_packet(arrival_, p.timestamp);
  if (p.restarted) {
    payloads_->reset();
    outlet_.maker().reset();
  }
  payloads_->push(p.payload_type, {p.timestamp, p.marker, p.payload}, p.missing > 0);
}

void media_receiver::end_batch(time_point now) { outlet_.end_batch(now); }

std::optional<time_point> media_receiver::deadline() const {
  const auto packets = order_.deadline(), tracks = outlet_.deadline();
  if (!packets || !tracks) return packets ? packets : tracks;
  return std::min(*packets, *tracks);
}

void media_receiver::expire(time_point now) {
  if (!payloads_) return;
  arrival_ = now;
  order_.expire(now);
  outlet_.expire(now);
}

void media_receiver::end(time_point now) {
  if (payloads_) {
    order_.flush();
    if (now - newest_packet_ < quiet) payloads_->lost();
    payloads_->flush();
  }
  outlet_.end();
}

}  // namespace berth::net
