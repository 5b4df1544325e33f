// Requests from threads that are no actors, without an actor for each of them.
#pragma once

#include <atomic>
#include <caf/all.hpp>
#include <functional>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "net/base/time.hpp"

namespace berth::actors {

/// One endpoint of many conversations: a request carries a number, its answer finds the completion by that number and
/// runs it at once, on the thread of whoever answers. No thread, no mailbox, no timer of its own: expire() ends what has
/// waited for too long.
/// Made by make_asker(); every member may be called from any thread. Dies with the last handle or the last request that is
/// still unanswered in somebody's mailbox; completions that were never run are destroyed then.
class asker final : public caf::monitorable_actor {
 public:
  template <class R>
  using completion = std::function<void(caf::expected<R>)>;

  explicit asker(caf::actor_config& config) : caf::monitorable_actor(config) {}

  /// Calls `done` exactly once: with the answer, with the error that was answered (sec::request_receiver_down if `to` has
  /// ended), or with sec::request_timeout. It may run before ask() returns.
  template <class R, class Handle, class Message>
  void ask(const Handle& to, Message message, net::time_point deadline, completion<R> done) {
    const auto number = ++last_number_;
    {
      const std::lock_guard lock{waiting_mutex_};
      waiting_.emplace(number, entry{deadline, [done = std::move(done)](caf::mailbox_element* answer) {
                                       done(answer == nullptr ? caf::expected<R>{caf::sec::request_timeout}
                                                              : read<R>(answer->content()));
                                     }});
    }
    auto* receiver = caf::actor_cast<caf::abstract_actor*>(to);
    receiver->enqueue(
        caf::make_mailbox_element(caf::strong_actor_ptr{ctrl()}, caf::make_message_id(number), {}, std::move(message)),
        nullptr);
  }

  /// Ends what is past its deadline. Call it about once a second.
  void expire(net::time_point now);

  void enqueue(caf::mailbox_element_ptr answer, caf::execution_unit*) override;
  const char* name() const override { return "asker"; }

 private:
  struct entry {
    net::time_point deadline;
    std::function<void(caf::mailbox_element*)> finish;
  };

  template <class R>
  static caf::expected<R> read(caf::type_erased_tuple& content) {
    if (content.size() == 1 && content.match_element<R>(0)) return std::move(content.get_mutable_as<R>(0));
    if (content.size() == 1 && content.match_element<caf::error>(0)) return content.get_as<caf::error>(0);
    return caf::sec::unexpected_response;
  }

  std::atomic<std::uint64_t> last_number_{0};
  std::mutex waiting_mutex_;
  std::unordered_map<std::uint64_t, entry> waiting_;
};

/// A counted reference to an asker.
class asker_ptr {
 public:
  explicit asker_ptr(caf::strong_actor_ptr counted) : counted_(std::move(counted)) {}

  asker* operator->() const noexcept { return static_cast<asker*>(caf::actor_cast<caf::abstract_actor*>(counted_)); }
  asker& operator*() const noexcept { return *operator->(); }

 private:
  caf::strong_actor_ptr counted_;
};

inline asker_ptr make_asker(caf::actor_system& system) {
  caf::actor_config config;
  return asker_ptr{
      caf::make_actor<asker, caf::strong_actor_ptr>(system.next_actor_id(), system.node(), &system, config)};
}

}  // namespace berth::actors
