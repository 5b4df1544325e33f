// Counts what the calling thread takes from the heap, to show that a path takes nothing.
#pragma once

#include <cstdint>

namespace berth::tests {

/// Calls of operator new on this thread so far.
std::uint64_t allocations() noexcept;

}  // namespace berth::tests
