// MPEG program and transport streams in RTP (RFC 2250 2).
#pragma once

#include "net/egress/container.hpp"
#include "net/egress/ps_muxer.hpp"
#include "net/egress/rtp_packetizer.hpp"

namespace berth::net {

/// A stream with all its tracks in one sequence of packets, with time stamps of 90 kHz: when the frame is decoded.
class system_packetizer : public rtp_packetizer {
 public:
  using rtp_packetizer::rtp_packetizer;

  virtual bool carries_any() const noexcept = 0;
  int clock_rate() const noexcept final { return frame_clock; }
};

/// As GB/T 28181 annex C has it: the marker stands on the last packet of a frame.
class ps_packetizer final : public system_packetizer {
 public:
  ps_packetizer(const std::vector<track_ptr>& tracks, const rtp_identity& who, std::size_t largest_payload)
      : system_packetizer(who), muxer_(tracks), largest_(largest_payload) {}

  void write(const frame& f, rtp_batch& to) override;
  bool carries_any() const noexcept override { return muxer_.carries_any(); }

 private:
  ps_muxer muxer_;
  std::size_t largest_;
  std::vector<std::uint8_t> bytes_;  // room for a frame's pack
};

/// Whole transport stream packets, as many as fit. The marker stands where the time stamps jump: on the first packet.
class ts_packetizer final : public system_packetizer {
 public:
  ts_packetizer(const std::vector<track_ptr>& tracks, const rtp_identity& who, std::size_t largest_payload);

  void write(const frame& f, rtp_batch& to) override;
  bool carries_any() const noexcept override { return carries_any_; }

 private:
  std::unique_ptr<muxer> muxer_;
  std::size_t largest_;
  bool carries_any_;
  bool marker_ = true;
};

}  // namespace berth::net
