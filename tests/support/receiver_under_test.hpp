// The media path of a stream in virtual time: packets in, frames out.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "net/ingest/media_receiver.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/packets.hpp"

namespace berth::tests {

/// A stream's whole media path, fed with datagrams in virtual time.
class receiver_under_test {
 public:
  explicit receiver_under_test(net::track_wish wish = net::track_wish::all,
                               net::stamp_mode stamps = net::stamp_mode::relative, bool silence = false)
      : media_receiver_(media, options, wish, [this] { ++completed; }) {
    media_receiver_.begin({.stamps = stamps, .silence = silence}, now);
    place = media->frames.join([] {});
  }

  void receive(const bytes& packet) {
    if (const auto accepted = rtp.on_datagram(packet, {}, now)) media_receiver_.take(*accepted, now);
    media_receiver_.end_batch(now);
    collect();
  }
  void receive(const std::vector<bytes>& packets) {
    for (const auto& p : packets) receive(p);
  }
  void pass(net::duration d) {
    now += d;
    if (const auto due = media_receiver_.deadline(); due && *due <= now) media_receiver_.expire(now);
    media_receiver_.end_batch(now);
    collect();
  }
  /// After a while in which nothing came.
  void end() {
    now += std::chrono::seconds{1};
    cut_off();
  }
  void cut_off() {
    media_receiver_.end(now);
    collect();
  }
  void collect() {
    auto batch = media->frames.read(at);
    frames.insert(frames.end(), batch.frames.begin(), batch.frames.end());
  }
  std::vector<net::frame_ptr> of(net::media_kind kind) const {
    std::vector<net::frame_ptr> out;
    std::copy_if(frames.begin(), frames.end(), std::back_inserter(out),
                 [&](const auto& f) { return f->of->kind == kind; });
    return out;
  }

  net::media_options options;
  net::stream_counters counted;
  net::rtp_receiver rtp{counted};
  net::live_media_ptr media = std::make_shared<net::live_media>(options);
  net::time_point now{std::chrono::seconds{100}};
  int completed = 0;
  std::vector<net::frame_ptr> frames;
  net::fan_out::position at;
  std::unique_ptr<net::fan_out::place> place;

 private:
  net::media_receiver media_receiver_;
};

// Bytes, key flags and distances in time are those of the frames that were sent.
inline void check_same(const std::vector<net::frame_ptr>& got, const std::vector<net::frame_ptr>& sent) {
  REQUIRE(got.size() == sent.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    INFO("frame " << i);
    CHECK(got[i]->key == sent[i]->key);
    CHECK(got[i]->data == sent[i]->data);
    CHECK(got[i]->pts - got[0]->pts == sent[i]->pts - sent[0]->pts);
    CHECK(got[i]->dts - got[0]->dts == sent[i]->dts - sent[0]->dts);
  }
}

}  // namespace berth::tests
