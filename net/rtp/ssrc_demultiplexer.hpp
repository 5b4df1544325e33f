// Tells the streams apart that share one port: by SSRC, whoever sends them.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <unordered_map>
#include <vector>

#include "net/base/endpoint.hpp"
#include "net/base/time.hpp"
#include "net/rtp/rtp_packet.hpp"

namespace berth::net {

/// Who takes the packets of one SSRC.
class packet_sink {
 public:
  virtual void deliver(bytes_view bytes, const endpoint& from, time_point arrival, bool over_tcp) = 0;

 protected:
  ~packet_sink() = default;
};

/// Routes valid RTP packets to the sink of their SSRC. An SSRC that nobody takes yet has to show two packets in
/// sequence (RFC 3550 6.2.1 calls it probation) before it is announced; its packets wait, bounded, until the answer
/// comes. Whoever sends one SSRC after another crowds out himself before others, and costs the same for each packet.
/// Shared by a shared port and its streams, and touched by their common reactor thread only.
class ssrc_demultiplexer {
 public:
  struct options {
    std::size_t max_probation = 256;                  ///< SSRCs in probation, a packet each; the oldest makes room
    std::size_t max_probation_of_one = 64;            ///< of one address and port
    std::size_t max_announced = 64;                   ///< SSRCs that wait for their sink; more stay in probation
    std::size_t max_held_packets = 64;                ///< of one that waits for its sink
    std::size_t max_remembered = 1024;                ///< refused and resting SSRCs; the oldest is forgotten
    duration silence = std::chrono::seconds{5};       ///< an ended stream's sender is refused until silent for so long
    duration refusal_time = std::chrono::seconds{5};  ///< a refused SSRC is announced again after so long
  };

  /// `announce` is called once for each SSRC that passed its probation; attach() or refuse() is to follow.
  ssrc_demultiplexer(options o, std::function<void(std::uint32_t ssrc)> announce)
      : options_(o), announce_(std::move(announce)) {}

  /// Routes a packet that has passed parse_rtp(). The cause if it was not taken or held.
  std::optional<refusal> route(const rtp_packet& packet, const endpoint& from, time_point arrival, bool over_tcp);

  /// `sink` takes the SSRC's packets from now on, the held ones first. False if another sink has it or the port is
  /// closed.
  bool attach(std::uint32_t ssrc, packet_sink& sink);
  /// The sink is gone, if it is the one that takes the SSRC. `rest`: its source is refused until it falls silent, so that what a camera still sends after its
  /// stream was closed does not open it again.
  void detach(std::uint32_t ssrc, const packet_sink& sink, const endpoint& source, bool rest, time_point now);
  /// Nobody is to take it for a while. One that somebody takes stays his.
  void refuse(std::uint32_t ssrc, time_point now);

  /// The port is gone: nothing is routed or attached any more.
  void close() noexcept;
  bool closed() const noexcept { return closed_; }
  /// SSRCs in probation, or waiting for their sink.
  std::size_t waiting() const noexcept { return probation_.size() + announced_; }

 private:
  struct held_packet {
    std::vector<std::uint8_t> bytes;
    endpoint from;
    time_point arrival;
    bool over_tcp;
  };
  struct place {
    std::uint32_t ssrc;
    endpoint from;
  };
  using places = std::list<place>;  // the one that was heard last at the end
  enum class phase : std::uint8_t { probation, announced, attached, refused, resting };
  struct entry {
    phase now = phase::probation;
    packet_sink* sink = nullptr;
    std::uint16_t last_sequence = 0;
    time_point heard;     // resting: the last packet; refused: since when
    places::iterator at;  // in probation, refused or resting; its address: who sends it, whom not to hear
    std::vector<held_packet> held;
  };

  std::optional<refusal> begin(const rtp_packet& packet, const endpoint& from, time_point arrival, bool over_tcp);
  void hold(entry& e, const rtp_packet& packet, const endpoint& from, time_point arrival, bool over_tcp);
  void make_room(const endpoint& from);
  void announce(std::uint32_t ssrc, entry& e);
  void leave(entry& e);
  void erase(std::uint32_t ssrc);
  void remember(std::uint32_t ssrc, phase as, const endpoint& source, time_point now);

  options options_;
  std::function<void(std::uint32_t)> announce_;
  std::unordered_map<std::uint32_t, entry> entries_;
  places probation_;
  places remembered_;  // refused or resting
  std::size_t announced_ = 0;
  bool closed_ = false;
};

}  // namespace berth::net
