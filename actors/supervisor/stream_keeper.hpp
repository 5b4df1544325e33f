// The supervisor as its own parts see it.
#pragma once

#include "actors/supervisor/stream_record.hpp"

namespace berth::actors {

/// What a part of the supervisor may ask of the whole. The supervisor is it; tests of one part are it too.
/// Touched by the supervisor's handlers only.
class stream_keeper {
 public:
  virtual const node_settings& settings() const = 0;
  virtual net::time_point now() const = 0;
  virtual net::wall_time wall_now() const = 0;
  /// The same for other threads, and for longer than the supervisor.
  virtual std::function<net::wall_time()> wall_clock() const = 0;
  virtual bool shutting_down() const = 0;
  virtual std::uint32_t random() = 0;
  /// Where the next actor lives. Throws if there is no place.
  virtual berth_host place() = 0;

  /// The stream as clients may know of it, its state brought up to date: null if it is not there, or closing, which is
  /// over for everybody.
  virtual stream_record* visible(const stream_key& key) = 0;
  /// Brings its state up to date: it may be closing after this.
  virtual void look(const stream_key& key, stream_record& r) = 0;
  virtual void remind(const stream_key& key, stream_record& r, std::optional<net::time_point> when) = 0;

  /// As a client's open and close. `then` is called once, perhaps before open() returns.
  virtual void open(const open_request& request, open_answer then) = 0;
  virtual void close(const stream_key& key, generation_t generation) = 0;
  /// Does it behind what is being done: for what would act on records that somebody is at.
  virtual void later(std::function<void()> work) = 0;
  /// An open that was refused before it came to a record.
  virtual void count_refusal(errc why) = 0;
  virtual void begin_close(const stream_key& key, stream_record& r, close_reason reason) = 0;

  virtual void tell(event e) = 0;
  void tell(event_kind kind, const stream_key& key, const stream_record& r) {
    tell({.kind = kind, .stream = status_now(key, r)});
  }
  /// To be told, and answered: nobody changes it any more.
  stream_status_ptr status_now(const stream_key& key, const stream_record& r) const {
    return std::make_shared<const stream_status>(status(key, r));
  }
  stream_status status(const stream_key& key, const stream_record& r) const { return r.status(key, now(), settings()); }

 protected:
  virtual ~stream_keeper() = default;
};

}  // namespace berth::actors
