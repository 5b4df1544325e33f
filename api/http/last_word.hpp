// Who speaks to a client: the thread that serves its connection, or, while that one is stuck, another, for the last
// time.
#pragma once

#include <cstdint>
#include <mutex>
#include <utility>

namespace berth::api {

struct http_request;

/// A session's thread may be stuck for as long as it likes: whoever waits for it is told so by somebody else, once, and
/// what it says itself later is not said any more.
/// Owned by a session. speak() may be called on any thread, all else on the session's.
class last_word {
 public:
  /// A request is there that stays as it is until claim(). False: somebody has spoken in the meantime. Nobody speaks on
  /// a connection that is claimed already.
  bool ask(const http_request& what) { return move(state::asked, &what); }
  /// From now on nobody else touches the connection. False: somebody has had the last word there.
  bool claim() { return move(state::claimed, nullptr); }
  /// The answer is out, and the next request is waited for. Only behind a claim().
  void rest() { move(state::resting, nullptr); }

  /// What was asked about goes.
  void forget() noexcept {
    const std::lock_guard lock{mutex_};
    asked_ = nullptr;
    if (state_ == state::asked) state_ = state::claimed;
  }

  /// `say` is called with what was asked, null while nothing was, if the connection is nobody's; what it says to the
  /// client is the last word if it is true.
  template <class Say>
  void speak(Say say) {
    // Whoever holds it may be stuck with it.
    const std::unique_lock lock{mutex_, std::try_to_lock};
    if (!lock || (state_ != state::resting && state_ != state::asked)) return;
    if (say(asked_)) state_ = state::spoken;
  }

 private:
  enum class state : std::uint8_t { resting, asked, claimed, spoken };

  bool move(state to, const http_request* asked) {
    const std::lock_guard lock{mutex_};
    if (state_ == state::spoken) return false;
    if (state_ == state::claimed && to == state::asked) return true;
    asked_ = asked;
    state_ = to;
    return true;
  }

  std::mutex mutex_;
  state state_ = state::resting;
  const http_request* asked_ = nullptr;
};

}  // namespace berth::api
