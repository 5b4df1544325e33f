// How a stream comes to be: a port, an actor, a record, an answer; or nothing, and why.
#pragma once

#include <cstdint>

#include "actors/events/alarm.hpp"
#include "actors/supervisor/publisher.hpp"
#include "actors/supervisor/senders.hpp"

namespace berth::actors {

/// The supervisor's part that opens. What can fail fails before anything that is there is touched; where that can not
/// be, since the port of the stream itself is wanted, a failure brings the stream back.
/// Owned by the supervisor and touched by its handlers only.
class openings {
 public:
  struct dependencies {
    supervisor_actor::pointer self;
    stream_keeper& keeper;
    registry& streams;
    net::port_allocator& ports;
    net::socket_factory& sockets;
    net::source_factory sources;  ///< what the node fetches comes from here
    node_alarms& alarms;
    node_stats& stats;
    publisher& publishing;
    senders& sending;
  };

  explicit openings(dependencies given) : given_(std::move(given)) {}

  /// `answer` is called once, perhaps before this returns; when the key is closing, behind its end.
  void open(const open_request& request, open_answer answer);
  /// A shared port hears a new SSRC.
  void open_fed(const ssrc_arrived& announcement);

  /// The actor of `r` is down: its port, or its place among others, is free again.
  void give_back(const stream_key& key, stream_record& r, const net::media_sender& fed_by);
  /// An open takes its place and may want the port that has just come free. Why it can not have it, if so.
  std::optional<rejection> give_way(stream_record& r);
  /// Another life of a stream that has ended for nothing, on the port that it had.
  void bring_back(const stream_key& key, const stream_record& r);
  void refuse(const parked_open& open, const rejection& why);
  /// What has waited for the end of `key`. `displaced`: the first one is what ended it.
  void open_parked(const stream_key& key, std::list<parked_open> parked, bool displaced);

 private:
  using had_ports = std::optional<net::allocation>;

  std::optional<outcome<opened>> attempt(const open_request& request, had_ports& had);
  std::optional<outcome<opened>> meet(const open_request& request, stream_record& present, const stream_record& wanted,
                                      had_ports& had);
  std::optional<rejection> why_not(const open_request& request) const;
  std::optional<rejection> why_too_many(const open_request& request, const stream_record* displaced) const;
  std::optional<rejection> displace(const stream_key& key, stream_record& present, const open_request& request,
                                    const net::endpoint& local, had_ports& had);
  outcome<opened> create(const open_request& request, stream_record r, had_ports& had);
  outcome<opened> create_sourced(const open_request& request, stream_record r);
  net::result<net::allocation, rejection> allocate(const open_request& request, const net::endpoint& local);
  std::optional<rejection> make_actor(const stream_key& key, stream_record& r);
  /// What is told of it.
  stream_status_ptr insert(const stream_key& key, stream_record r);
  outcome<opened> account(outcome<opened> answer, const open_request& request);
  outcome<opened> in_the_way(const stream_key& key, const stream_record& present) const;
  moment moment_now() const { return {given_.keeper.now(), given_.keeper.wall_now()}; }

  dependencies given_;
  std::size_t fed_ = 0;      // by shared ports
  std::size_t sourced_ = 0;  // without a port
};

}  // namespace berth::actors
