// Between the supervisor and the actors it has made: streams, shared ports, fetched streams, senders.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "actors/contract/adjusting.hpp"
#include "actors/contract/message.hpp"
#include "actors/contract/publish_options.hpp"
#include "actors/contract/sending.hpp"
#include "net/media/live_media.hpp"
#include "net/rtp/ssrc_demultiplexer.hpp"

namespace berth::actors {

// ---- what the supervisor is told ----------------------------------------------------------------------------------

/// A packet behind a silence of this length is worth a notice: shorter than the shortest stall time there may be, long
/// against the gaps within a stream.
inline constexpr auto notice_interval = std::chrono::milliseconds{500};

/// Look at my published figures: first packet, or one after a silence.
struct stream_notice {
  using answer = nothing;

  stream_key key;
  generation_t generation = 0;
  net::live_media_ptr media{};  ///< from the first packet on
  bool complete = false;        ///< the tracks are known
};

/// Of a shared port: packets of a new SSRC come in. The supervisor opens the stream, or tells the port to refuse it.
struct ssrc_arrived {
  using answer = nothing;

  stream_key port_key;
  generation_t port_generation = 0;
  std::uint32_t ssrc = 0;
  std::shared_ptr<net::ssrc_demultiplexer> feed;  ///< for the new stream; touched on the port's reactor only
};

/// What a stream sent back is over.
struct talk_over {
  using answer = nothing;

  std::uint64_t id = 0;
};

/// The supervisor as its actors see it. They hold it weakly: none of them keeps it.
using overseer_actor = actor_of<stream_notice, ssrc_arrived, talk_over>;

// ---- what it says -------------------------------------------------------------------------------------------------

/// What becomes of a sender on a shared port that goes on behind the end of its stream.
enum class afterwards : std::uint8_t {
  heard,       ///< its next packets are those of a new stream
  rests,       ///< it is not heard until it has been silent
  heard_later  ///< the like, but after some seconds
};

/// To any of them, which ends: the answer is its down message.
struct close_command {
  using answer = nothing;

  afterwards sender = afterwards::heard;
};

/// To a stream, once: the packets it has kept, and those that follow, are media.
struct publish_grant {
  using answer = nothing;

  publish_options options;
};

/// To a stream: what it is to send back to where it comes from. Answered at once; refused with not_sendable if it sends
/// something else. Its end is told by talk_over.
struct begin_talk {
  using answer = outcome<completed>;

  std::uint64_t id = 0;
  sending what;
};
struct end_talk {
  using answer = nothing;

  std::uint64_t id = 0;
};

/// To a shared port: no stream for this SSRC, and why.
struct refuse_ssrc {
  using answer = nothing;

  std::uint32_t ssrc = 0;
  std::string reason;
};

/// To a fetched stream: open the source. Answered when it is there; refused with connect_failed, whereupon the stream
/// ends.
struct begin_fetch {
  using answer = outcome<completed>;
};

/// To a sender: find the receiver and send. Answered for TCP when the connection is up, for passive ways when the port
/// listens; refused with connect_failed.
struct begin_sending {
  using answer = outcome<completed>;
};

// ---- what they tell themselves ------------------------------------------------------------------------------------

/// From a fan-out's or a source's thread: there is something to take.
struct media_came {
  using answer = nothing;
};
/// From a socket's or a timer's event, which can not end an actor by itself: it is over.
struct sending_finished {
  using answer = nothing;
};

using stream_actor = actor_of<close_command, publish_grant, begin_talk, end_talk, media_came, asked_of_receivers>;
using shared_port_actor = actor_of<close_command, refuse_ssrc>;
using sourced_stream_actor = actor_of<close_command, publish_grant, begin_fetch, media_came, asked_of_sources>;
using sender_actor = actor_of<begin_sending, media_came, close_command, sending_finished>;

}  // namespace berth::actors
