// An answer that is given later, and is given.
#pragma once

#include <caf/all.hpp>
#include <memory>
#include <string>
#include <utility>

#include "actors/contract/rejection.hpp"

namespace berth::actors {

/// How an answer says no.
template <class Answer>
struct refusal_of;
template <class T>
struct refusal_of<outcome<T>> {
  static outcome<T> because(std::string why) { return reject(errc::internal, std::move(why)); }
};

/// A question that stays open behind its handler, in place of CAF's own promise, which says nothing when it is dropped.
/// Copies are one promise: the first answer counts, and when the last copy goes without one, why is the answer. So nobody
/// waits for an actor that has ended, whatever it was doing.
/// Made in the handler, by the actor that is asked, and kept by it: an actor that is no state class lets go of it in
/// on_exit(). Any thread may answer it, one at a time, or let go of it.
template <class Answer>
class promise {
 public:
  template <class Actor>
  explicit promise(Actor* asked) : kept_(std::make_shared<question>()) {
    auto* element = asked->current_mailbox_element();
    kept_->asked = caf::weak_actor_ptr{asked->ctrl()};
    kept_->name = asked->name();
    // What was only sent wants no answer.
    if (element->mid.is_request()) kept_->asker = element->sender;
    kept_->id = element->mid.response_id();
    // A handler that throws answers by way of this promise, and not a second time by CAF's.
    asked->drop_current_message_id();
  }

  void deliver(Answer answer) const { kept_->answer(std::move(answer)); }
  /// What the handler returns.
  operator caf::result<Answer>() const { return caf::delegated<Answer>{}; }  // NOLINT(google-explicit-constructor)

 private:
  struct question {
    caf::strong_actor_ptr asker;
    caf::weak_actor_ptr asked;
    caf::message_id id;
    const char* name = "";

    question() = default;
    question(const question&) = delete;
    question& operator=(const question&) = delete;
    ~question() {
      if (asker) answer(refusal_of<Answer>::because(std::string{name} + " has ended without an answer"));
    }

    void answer(Answer a) {
      const auto to = std::exchange(asker, nullptr);
      if (to)
        to->enqueue(caf::make_mailbox_element(caf::actor_cast<caf::strong_actor_ptr>(asked), id, {}, std::move(a)),
                    nullptr);
    }
  };

  std::shared_ptr<question> kept_;
};

}  // namespace berth::actors
