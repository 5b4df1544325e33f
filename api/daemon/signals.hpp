// The signals that the daemon acts on: one thread takes them, for as long as it runs.
#pragma once

#include <pthread.h>
#include <signal.h>

#include <initializer_list>

namespace berth::api {

namespace detail {
inline void mask_signals(int how) noexcept {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int s : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, s);
  ::pthread_sigmask(how, &set, nullptr);
}
}  // namespace detail

/// For the calling thread and all that it starts from now on: they wait until somebody takes them. So one that comes
/// before the daemon listens for it, or once more on the way down, ends no process whose end is in order.
inline void hold_signals() noexcept { detail::mask_signals(SIG_BLOCK); }
/// The calling thread takes them from now on; it has to be able to.
inline void take_signals() noexcept { detail::mask_signals(SIG_UNBLOCK); }

}  // namespace berth::api
