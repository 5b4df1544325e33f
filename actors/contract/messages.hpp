// The whole conversation of the core on one page: what is asked, by whom, and what is answered.
// All messages are values; what they share is immutable.
#pragma once

#include <caf/all.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/contract/error.hpp"
#include "actors/contract/event.hpp"
#include "actors/contract/node_stats.hpp"
#include "actors/contract/rejection.hpp"
#include "actors/contract/sending.hpp"
#include "actors/contract/stream_key.hpp"
#include "actors/contract/stream_status.hpp"
#include "actors/contract/viewer.hpp"
#include "net/io/port_allocator.hpp"
#include "net/media/live_media.hpp"
#include "net/media/media_options.hpp"
#include "net/rtp/source_policy.hpp"
#include "net/rtp/ssrc_demultiplexer.hpp"
#include "net/source/media_source.hpp"

namespace berth::actors {

/// What an open of a live key does.
enum class conflict_policy : std::uint8_t { error, reuse, replace };

/// Sent by the API; answered by outcome<opened>. Refused with stream_live, no_port, bad_address, shutting_down.
struct open_request {
  stream_key key;
  std::uint16_t port = 0;  ///< 0 = a pair from the pool
  std::string local_ip;    ///< numeric bind address; empty = the node's
  tcp_mode mode = tcp_mode::none;
  track_filter only_track = track_filter::all;
  std::uint32_t ssrc = 0;
  bool re_use_port = false;
  bool multiplex = false;                      ///< shared port: every SSRC becomes a stream of its own
  bool configured = false;                     ///< the shared port of the configuration
  bool rtcp = true;                            ///< binds the next port for RTCP
  std::optional<net::duration> idle_after;     ///< none = the node's; zero = never
  std::optional<net::duration> patience;       ///< with the first packet; none = idle_after
  std::optional<net::source_policy> sources;   ///< none = the node's
  std::optional<conflict_policy> on_conflict;  ///< none = the node's
  net::source_options_ptr source{};            ///< no port: the node fetches the stream itself; see fetch_request
  net::source_factory open_source{};           ///< of such a stream; empty = the node's
  std::optional<publish_options> publish{};    ///< of such a stream, for which nobody is asked; none = on_publish is
  net::endpoint publisher{};                   ///< who it is that sends it, if that is known
  std::string params{};                        ///< what he says of himself: the query of his URL
  net::time_point asked;                       ///< when the client's request arrived: for the time to open
};
struct opened {
  stream_status stream;
  open_kind kind = open_kind::created;
};

/// Sent by the API to have a stream fetched, `open.source` says from where. Answered when its source is there, or could
/// not be opened; refused as an open, and with connect_failed, not_found, stream_ended.
struct fetch_request {
  open_request open;
};

/// Sent by the API; of a stream that comes from a file. Refused with not_found, not_seekable, stream_ended.
struct playback_request {
  stream_key key;
  std::optional<net::duration> position{};  ///< go on there
  std::optional<double> speed{};            ///< 1 = as it was recorded
};

/// Sent by the API; answered when the stream's descriptors are closed or at rest. Refused with not_found (also when a
/// concurrent close was first), generation_differs.
struct close_request {
  stream_key key;
  std::optional<generation_t> generation;  ///< close only this life of the stream
  bool configured = false;                 ///< the daemon closes the shared port of the configuration
};
struct closed {
  stream_status last;
};

/// Sent by the API; answered at once from the registry. Refused with not_found.
struct query_request {
  stream_key key;
};

/// Sent by the API; answered at once, ordered by key. Configured and closing entries are left out.
struct list_request {
  std::string vhost, app;  ///< empty = all
  std::string prefix;      ///< of the stream id; empty = all
  std::optional<stream_state> state;
  bool watchable = false;           ///< only those whose tracks are complete
  std::optional<stream_key> after;  ///< page: only keys behind this one
  std::size_t limit = SIZE_MAX;
};
struct stream_list {
  std::vector<stream_status> streams;
  bool more = false;  ///< the limit cut the list
};

/// Sent by the API; the filter acts on the next packet, on live TCP connections too. Refused with not_found,
/// shared_port, stream_ended.
struct update_ssrc_request {
  stream_key key;
  std::uint32_t ssrc = 0;
};

/// Sent by the API; answered when the TCP connection is up. Refused with not_found, not_tcp_active, connect_failed,
/// stream_ended.
struct connect_request {
  stream_key key;
  net::endpoint remote;
  net::duration timeout{};
};

/// Sent by the API: suspends the idle check for `pause`, or ends a suspension and restarts the idle clock. Refused with
/// not_found, not_published.
struct idle_check_request {
  stream_key key;
  std::optional<net::duration> pause;  ///< none = resume
};

/// Sent by the HTTP side for a viewer; its key is the public one or the one that was opened. Answered when the stream's
/// tracks are complete, at once if they are. Refused with play_refused (the hook said no), not_found when `wait` has
/// passed, too_many_streams when too many wait already.
struct watch_request {
  viewer who;
  net::duration wait{};
};
struct watched {
  stream_key key;  ///< the public one
  generation_t generation = 0;
  net::fan_out_ptr media;
};

/// Sent by the API; answered at once.
struct ports_request {};
struct ports_report {
  net::allocator_figures figures;
  std::vector<net::resting_port> resting;
  net::time_point now;  ///< the resting ports' times are on this time line
};

/// Sent by the API for /metrics and statistics; answered at once.
struct stats_request {};

/// What the supervisor and new streams go by. Sent by the daemon at every change of the configuration.
struct node_settings {
  net::allocator_options allocator;
  std::string listen_ip = "::";
  net::duration idle_after = std::chrono::seconds{15};
  net::duration stall_after = std::chrono::seconds{3};
  net::duration relearn_after = std::chrono::seconds{1};
  net::source_policy sources = net::source_policy::learn;
  conflict_policy on_conflict = conflict_policy::error;
  /// A connect or a new SSRC filter for a key that is not open is meant for the one idle stream of its app that it fits.
  bool guess_streams = false;
  std::size_t max_multiplex_streams = 4096;
  std::size_t max_tcp_frame = 10 * 1024;
  net::media_options media;
  publish_options publish;
  net::duration none_reader_after = std::chrono::seconds{20};
  std::size_t max_waiting_viewers = 1000;
  net::packetizer_options sending;
  std::size_t max_senders = 10000;
  std::size_t max_sources = 200;  ///< streams that the node fetches
  struct alarm_settings {
    net::duration window = std::chrono::seconds{60};
    std::size_t min_opens = 10;
    double raise_ratio = 0.1, clear_ratio = 0.05;
    double pool_low_ratio = 0.05, pool_clear_ratio = 0.1;
  } alarm;
};
using node_settings_ptr = std::shared_ptr<const node_settings>;

/// Sent by the daemon once, at its end; answered when every stream is down.
struct shutdown_request {};

/// Sent by a stream to the supervisor: look at my published figures (first packet, or one after a silence).
struct stream_notice {
  stream_key key;
  generation_t generation = 0;
  net::live_media_ptr media{};  ///< from the first packet on
  bool complete = false;        ///< the tracks are known
};

/// Sent by a shared port to the supervisor: packets of a new SSRC come in. The supervisor answers by opening the stream
/// or by telling the port to refuse it.
struct ssrc_arrived {
  stream_key port_key;
  generation_t port_generation = 0;
  std::uint32_t ssrc = 0;
  std::shared_ptr<net::ssrc_demultiplexer> feed;  ///< for the new stream; touched on the port's reactor only
};

/// Sent by the supervisor to a stream; answered when the next packet will meet the filter.
struct set_ssrc_filter {
  std::uint32_t ssrc = 0;
};
/// publish_options: sent by the supervisor to a stream, once: the packets it has kept, and those that follow, are media.

/// Sent by the supervisor to a stream; answered as connect_request.
struct connect_command {
  net::endpoint remote;
  net::duration timeout{};
};
/// Sent by the supervisor to a stream that the node fetches: open the source. Answered when it is there; refused with
/// connect_failed, whereupon the stream ends.
struct begin_fetch {};
/// Likewise, of a file: see playback_request. Answered at once.
struct playback_command {
  std::optional<net::duration> position{};
  std::optional<double> speed{};
};
/// Sent by the supervisor to a stream or shared port, which ends: the answer is its down message.
struct close_command {
  bool rest_sender = false;  ///< of a stream on a shared port: do not hear its sender until it is silent
};
/// Sent by the supervisor to a stream: what it is to send back to where it comes from. Answered at once; refused with
/// not_sendable if it sends something else. Its end is told by talk_over.
struct begin_talk {
  std::uint64_t id = 0;
  sending what;
};
struct end_talk {
  std::uint64_t id = 0;
};
struct talk_over {
  std::uint64_t id = 0;
};
/// Sent by the supervisor to a shared port: no stream for this SSRC, and why.
struct refuse_ssrc {
  std::uint32_t ssrc = 0;
  std::string reason;
};

/// Answers of requests that only succeed.
struct completed {};

using supervisor_actor = caf::typed_actor<
    caf::replies_to<open_request>::with<outcome<opened>>, caf::replies_to<close_request>::with<outcome<closed>>,
    caf::replies_to<query_request>::with<outcome<stream_status>>, caf::replies_to<list_request>::with<stream_list>,
    caf::replies_to<update_ssrc_request>::with<outcome<completed>>,
    caf::replies_to<connect_request>::with<outcome<completed>>, caf::replies_to<fetch_request>::with<outcome<opened>>,
    caf::replies_to<playback_request>::with<outcome<completed>>,
    caf::replies_to<idle_check_request>::with<outcome<completed>>,
    caf::replies_to<watch_request>::with<outcome<watched>>, caf::replies_to<ports_request>::with<ports_report>,
    caf::replies_to<stats_request>::with<node_stats>, caf::replies_to<send_request>::with<outcome<sending_started>>,
    caf::replies_to<stop_sending_request>::with<outcome<completed>>,
    caf::replies_to<senders_request>::with<outcome<sender_list>>, caf::reacts_to<talk_over>,
    caf::replies_to<shutdown_request>::with<completed>, caf::reacts_to<node_settings_ptr>,
    caf::reacts_to<stream_notice>, caf::reacts_to<ssrc_arrived>, caf::reacts_to<caf::tick_atom>,
    caf::reacts_to<caf::flush_atom>>;

/// The event log: takes events from the supervisor and the daemon, numbers them, keeps the newest, hands each on to its
/// subscribers. events_since answers with what is newer than a cursor.
struct events_since {
  std::uint64_t after = 0;  ///< 0 = from the oldest event that is kept
  std::size_t limit = 100;
};
struct event_batch {
  std::vector<event_ptr> events;
  std::uint64_t last = 0;  ///< newest id there is
  bool missed = false;     ///< the cursor is older than the oldest event kept
};
using event_sink = caf::typed_actor<caf::reacts_to<event_ptr>>;
using event_log_actor = caf::typed_actor<caf::reacts_to<event>, caf::reacts_to<caf::add_atom, event_sink>,
                                         caf::replies_to<events_since>::with<event_batch>>;

}  // namespace berth::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::open_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::close_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::query_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::list_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::stream_list)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::update_ssrc_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::connect_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::fetch_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::playback_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::idle_check_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::watch_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::ports_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::ports_report)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::stats_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::node_stats)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::shutdown_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::node_settings_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::stream_notice)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::ssrc_arrived)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::set_ssrc_filter)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::publish_options)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::connect_command)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::begin_fetch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::playback_command)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::close_command)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::refuse_ssrc)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::send_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::stop_sending_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::senders_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::begin_talk)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::end_talk)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::talk_over)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::completed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::event)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::event_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::events_since)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::event_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::outcome<berth::actors::opened>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::outcome<berth::actors::closed>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::outcome<berth::actors::stream_status>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::outcome<berth::actors::watched>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::outcome<berth::actors::completed>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::outcome<berth::actors::sending_started>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::outcome<berth::actors::sender_list>)
