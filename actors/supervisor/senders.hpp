// What is sent to other servers: who sends, to whom, and until when.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <unordered_map>

#include "actors/contract/promise.hpp"
#include "actors/supervisor/registry.hpp"
#include "actors/supervisor/stream_keeper.hpp"

namespace berth::actors {

/// The supervisor's part that starts and ends RTP senders. A sender is an actor of its own, or, when it answers over the
/// sockets of a receiving stream, a talk inside that stream. Two senders of one stream have different SSRCs, unless a
/// client wants otherwise.
/// Owned by the supervisor and touched by its handlers only.
class senders {
 public:
  struct dependencies {
    supervisor_actor::pointer self;
    stream_keeper& keeper;
    registry& streams;
    net::port_allocator& ports;
    net::socket_factory& sockets;
  };

  explicit senders(dependencies given) : given_(given) {}

  caf::result<outcome<sending_started>> start(const send_request& request);
  caf::result<outcome<completed>> stop(const stop_sending_request& request);
  outcome<sender_list> list(const senders_request& request) const;
  void stop_all();

  /// False if the actor is none of theirs.
  bool went_down(const caf::actor_addr& who);
  void talk_ended(std::uint64_t id);
  /// A stream is gone, and with it what was sent over its sockets.
  void stream_ended(const stream_key& key, generation_t generation);

  bool empty() const noexcept { return all_.empty(); }
  void count(node_stats& in) const;

 private:
  using started_promise = promise<outcome<sending_started>>;
  /// Done when all of them are down.
  struct farewell {
    std::size_t left = 0;
    std::function<void()> then;
  };
  struct entry {
    send_request request;
    stream_key source;  ///< as opened
    stream_status_ptr about;
    sending_state_ptr shared;
    net::time_point since;
    sender_actor own;  ///< null: it is a talk
    // a talk
    stream_actor talker;
    std::optional<stream_key> through;
    generation_t through_generation = 0;
    bool owns_stream = false;  ///< it was opened for this
    // its end
    bool stopped = false;
    std::vector<std::shared_ptr<farewell>> waiting;
  };
  using entries = std::map<std::uint64_t, entry>;

  void begin(const send_request& request, started_promise promise);
  std::optional<rejection> why_not(const send_request& request, const stream_record* source) const;
  net::result<sending, rejection> make(const send_request& request, const stream_record& source);
  std::optional<rejection> take_port(sending& of);
  void launch(sending what, const stream_key& source, const stream_record& r, started_promise promise);
  void open_for_answer(const send_request& request, started_promise promise);
  void talk_through(const send_request& request, const stream_key& through, bool owned, started_promise promise);
  void begin_talk_of(std::uint64_t id, sending what, started_promise promise);
  entry& insert(std::uint64_t id, const sending& what, const stream_key& source, const stream_record& r);

  std::vector<std::uint64_t> of(const stream_key& key, const std::string& ssrc_text) const;
  void stop(const std::vector<std::uint64_t>& ids, std::function<void()> then);
  void remove(entries::iterator which);
  sender_status status(const entry& e) const;
  void tell(event_kind kind, const entry& e) const;

  dependencies given_;
  entries all_;
  std::unordered_map<caf::actor_id, std::uint64_t> by_actor_;  // actors of their own
  std::uint64_t last_id_ = 0;
  std::uint64_t packets_ = 0, bytes_ = 0;  // of those that ended
  bool stopping_ = false;
};

}  // namespace berth::actors
