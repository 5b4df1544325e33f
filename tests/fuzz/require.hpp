// An assertion that stays in release builds: a fuzzer's only way to say that an invariant is broken.
#pragma once

#include <cstdio>
#include <cstdlib>

// The builtins behind std::source_location, which clang 14 lacks.
inline void require(bool holds, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  if (holds) return;
  std::fprintf(stderr, "%s:%d: invariant broken\n", file, line);
  std::abort();
}
