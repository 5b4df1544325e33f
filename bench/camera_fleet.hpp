// Many cameras as the network sees them: frames in bursts, key frames, and what goes wrong on the way.
#pragma once

#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "bench/latency_histogram.hpp"
#include "net/base/endpoint.hpp"
#include "net/base/unique_fd.hpp"

namespace berth::bench {

struct fleet_options {
  double mbit_per_second = 4;  ///< of one camera
  unsigned frames_per_second = 25;
  unsigned key_frame_every = 50;     ///< frames
  double key_frame_factor = 10;      ///< a key frame is so many times as large as another one
  std::size_t packet_size = 1400;    ///< bytes of an RTP packet, its header included
  bool spread = false;               ///< packets at even distances instead of a burst a frame
  bool staggered = true;             ///< cameras begin one after the other, else all at the same moment
  bool segmentation_offload = true;  ///< one system call for up to 46 packets (UDP_SEGMENT), if nothing is injected
  bool program_stream = false;       ///< frames are what a demultiplexer takes for H.264, else noise; not with `spread`
  bool tcp = false;                  ///< a connection each, framed as RFC 4571
  double loss = 0, reorder = 0, duplicate = 0;  ///< shares of packets, 0..1
  unsigned threads = 1;
  int processor = -1;  ///< that all sender threads are bound to; -1 = none
  std::uint64_t seed = 1;

  std::size_t packets_per_frame() const noexcept;
  std::size_t packets_per_key_frame() const noexcept;
};

struct fleet_result {
  std::uint64_t offered = 0;   ///< packets handed to the kernel, duplicates included
  std::uint64_t withheld = 0;  ///< packets that were numbered and not sent: injected loss
  std::uint64_t duplicated = 0;
  std::uint64_t reordered = 0;
  std::uint64_t failed_sends = 0;
  std::chrono::nanoseconds elapsed{};
  std::chrono::nanoseconds cpu{};  ///< of the sender threads
  latency_histogram lateness;      ///< of frames against their schedule: a fleet that is late tests itself
};

/// Sends from sockets of its own to one address a camera, for a given time, on threads of its own.
/// Owned by a subcommand; run() may be called again: sequence numbers and time stamps go on.
class camera_fleet {
 public:
  camera_fleet(fleet_options options, std::vector<net::endpoint> targets);

  fleet_result run(std::chrono::milliseconds duration);
  std::size_t cameras() const noexcept { return cameras_.size(); }

 private:
  struct camera {
    net::endpoint target;
    net::unique_fd connection;  // TCP only
    std::uint32_t ssrc = 0;
    std::uint16_t sequence = 0;
    std::uint32_t timestamp = 0;
    unsigned frame = 0;  // within its group of pictures
  };
  class sender;

  fleet_options options_;
  std::vector<camera> cameras_;
  std::vector<net::unique_fd> sockets_;  // a sender thread each: a camera keeps its address over several runs
};

}  // namespace berth::bench
