// A small value that one thread replaces and any thread may read, whole.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace berth::net {

/// A sequence lock over atomic words: the writer never waits, a reader repeats when it was overtaken. One writer.
/// T must be trivially copyable and default-constructible.
template <class T>
class published {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  published() { store(T{}); }
  published(const published&) = delete;
  published& operator=(const published&) = delete;

  void store(const T& value) noexcept {
    words next{};
    std::memcpy(next.data(), &value, sizeof value);
    const auto version = version_.load(std::memory_order_relaxed);
    version_.store(version + 1, std::memory_order_relaxed);
    // Release on each word: a reader that sees one of them sees the odd version too.
    for (std::size_t i = 0; i < next.size(); ++i) words_[i].store(next[i], std::memory_order_release);
    version_.store(version + 2, std::memory_order_release);
  }

  T load() const noexcept {
    words copy{};
    for (;;) {
      const auto before = version_.load(std::memory_order_acquire);
      for (std::size_t i = 0; i < copy.size(); ++i) copy[i] = words_[i].load(std::memory_order_acquire);
      if (before % 2 == 0 && version_.load(std::memory_order_relaxed) == before) break;
    }
    T value;
    std::memcpy(static_cast<void*>(&value), copy.data(), sizeof value);
    return value;
  }

 private:
  static constexpr std::size_t count = (sizeof(T) + 7) / 8;
  using words = std::array<std::uint64_t, count>;

  std::atomic<std::uint32_t> version_{0};
  std::array<std::atomic<std::uint64_t>, count> words_{};
};

}  // namespace berth::net
