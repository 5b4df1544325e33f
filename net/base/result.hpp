// A value or the reason why there is none: what C++20 lacks and C++23 calls std::expected.
// Thread safety: that of T and E.
#pragma once

#include <cassert>
#include <type_traits>
#include <utility>
#include <variant>

namespace berth::net {

/// Wraps an error so that result<T, E> can be built from it even where T and E are alike.
template <class E>
struct failure {
  E error;
};
template <class E>
failure(E) -> failure<E>;

/// Holds either a T (success) or an E (the reason of the failure). Reading the wrong side is a bug, not a run-time
/// case.
template <class T, class E>
class [[nodiscard]] result {
 public:
  using value_type = T;
  using error_type = E;

  result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  template <class F, class = std::enable_if_t<std::is_constructible_v<E, F&&>>>
  result(failure<F> f) : state_(std::in_place_index<1>, std::move(f.error)) {}

  explicit operator bool() const noexcept { return state_.index() == 0; }
  bool has_value() const noexcept { return state_.index() == 0; }

  T& operator*() & {
    assert(has_value());
    return *std::get_if<0>(&state_);
  }
  const T& operator*() const& {
    assert(has_value());
    return *std::get_if<0>(&state_);
  }
  T&& operator*() && {
    assert(has_value());
    return std::move(*std::get_if<0>(&state_));
  }
  T* operator->() { return &**this; }
  const T* operator->() const { return &**this; }

  E& error() & {
    assert(!has_value());
    return *std::get_if<1>(&state_);
  }
  const E& error() const& {
    assert(!has_value());
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, E> state_;
};

}  // namespace berth::net
