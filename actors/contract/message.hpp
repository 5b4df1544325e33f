// What every message of the core says of itself: what is answered, by whom, and how long that may take.
#pragma once

#include <caf/all.hpp>
#include <concepts>
#include <cstdint>
#include <type_traits>

#include "actors/contract/rejection.hpp"
#include "net/base/time.hpp"

namespace berth::actors {

/// The actors that others than actors ask.
enum class receiver : std::uint8_t { supervisor, event_log, hooks };

/// The answer of a message that has none.
struct nothing {};

/// A message names its answer: `using answer = outcome<...>;` or `= nothing`. One that the API may ask names who
/// answers, `static constexpr receiver to`, and, where that may take longer than the core does, how much longer:
/// `net::duration patience() const`.
template <class M>
concept message = requires {
  typename M::answer;
};
template <class M>
concept question = message<M> && !std::same_as<typename M::answer, nothing>;
template <class M>
concept question_of_api = question<M> && requires {
  { M::to } -> std::convertible_to<receiver>;
};
template <message M>
using answer_of = typename M::answer;

/// Longer than anything takes in the core, shorter than clients wait.
inline constexpr net::duration core_patience = std::chrono::seconds{5};
/// A question to a hook is asked before some requests are answered: its time-outs and retries are longer than ours.
inline constexpr net::duration hook_patience = std::chrono::minutes{2};

/// How long its answer may take.
template <question M>
net::duration patience_for(const M& m) {
  if constexpr (requires { m.patience(); })
    return core_patience + m.patience();
  else
    return core_patience;
}

/// Messages that several actors understand, in the order of their handlers.
template <message... M>
struct messages {};

namespace detail {
template <class M>
struct clause {
  using type = typename caf::replies_to<M>::template with<answer_of<M>>;
};
template <message M>
requires std::same_as<answer_of<M>, nothing>
struct clause<M> {
  using type = caf::reacts_to<M>;
};

template <class Actor, class... Rest>
struct understanding {
  using type = Actor;
};
template <class... Done, message M, class... Rest>
struct understanding<caf::typed_actor<Done...>, M, Rest...>
    : understanding<caf::typed_actor<Done..., typename clause<M>::type>, Rest...> {};
template <class... Done, class... Listed, class... Rest>
struct understanding<caf::typed_actor<Done...>, messages<Listed...>, Rest...>
    : understanding<caf::typed_actor<Done...>, Listed..., Rest...> {};
}  // namespace detail

/// The actor that understands these messages, and nothing else: its handlers stand in the same order. What is listed by
/// messages<...> counts as if it stood here.
template <class... Messages>
using actor_of = typename detail::understanding<caf::typed_actor<>, Messages...>::type;

/// A handler of one message, out of a function that takes any.
template <message M, class F>
struct handler_of {
  F f;

  auto operator()(const M& m) const { return f(m); }
};

/// Answers of requests that only succeed.
struct completed {};

}  // namespace berth::actors

// All messages stay in this process: none of them is ever serialized.
template <berth::actors::message M>
struct caf::allowed_unsafe_message_type<M> : std::true_type {};
template <class T>
struct caf::allowed_unsafe_message_type<berth::actors::outcome<T>> : std::true_type {};
