// Whether this build looks for faults of memory or of threads.
#pragma once

namespace berth::tests {

/// Then everything takes many times as long and holds more memory: what repeats a thing many times does it less often,
/// and what counts memory does not.
// BERTH_SANITIZED: the daemon that is tested is such a build, the test program is not.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(BERTH_SANITIZED)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

}  // namespace berth::tests
