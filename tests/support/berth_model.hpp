// What Berth promises about streams, as a sequential model: the yardstick for answers given to many clients at once.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/support/linearizability.hpp"

namespace berth::tests {

enum class conflict { error, reuse, replace };

/// A call, or (feed) a packet that was sent to the port of one generation.
struct stream_request {
  enum class kind { open, query, list, close, feed };
  kind what = kind::query;
  int key = 0;
  int parameters = 0;  ///< open: equal numbers stand for equal parameters
  conflict on_conflict = conflict::error;
  std::uint64_t generation = 0;  ///< feed: whose port it was sent to
};

/// What is told about one stream. Port and generation are 0 where nothing was told.
struct stream_view {
  std::uint16_t port = 0;
  std::uint64_t generation = 0;
  bool live = false;

  bool operator==(const stream_view&) const = default;
};

struct stream_answer {
  enum class kind {
    opened,   ///< open: code 0
    refused,  ///< open: the key is live
    no_port,  ///< open: nothing could be bound
    info,     ///< query
    listed,   ///< list
    closed,   ///< close
  };
  kind what = kind::info;
  stream_view stream;                  ///< opened, refused, info
  bool hit = false;                    ///< info: exist; closed: hit
  std::map<int, stream_view> streams;  ///< listed: by key
};

using stream_operation = operation<stream_request, stream_answer>;

/// Keys are absent, idle (open, nothing accepted) or live. A time-out may take a stream at any moment after its
/// deadline could have passed; an open that displaces a stream makes it vanish first, as every close does, and opens
/// then; one that is answered with no port has displaced nothing.
class berth_model {
 public:
  using request = stream_request;
  using answer = stream_answer;
  struct stream {
    bool present = false;
    stream_view view;  ///< port and generation are 0 while nobody was told them
    int parameters = 0;
    instant earliest_expiry = never;
  };
  struct state {
    std::vector<stream> keys;
    std::uint64_t highest_generation = 0;
  };

  /// `idle_after`: the streams' idle time-out in nanoseconds; 0 = they never expire.
  berth_model(int keys, instant idle_after) : keys_(keys), idle_after_(idle_after) {}

  state start() const;
  std::optional<state> apply(const state& s, const stream_operation& o) const;
  std::vector<state> outcomes(const state& s, const stream_operation& o) const;
  std::vector<state> internal(const state& s, instant horizon,
                              const std::vector<const stream_operation*>& in_flight) const;
  std::string fingerprint(const state& s) const;
  std::string describe(const stream_operation& o) const;
  std::string describe(const state& s) const;

 private:
  bool displaces(const stream& present, const stream_request& r) const;
  std::optional<state> open(const state& s, const stream_operation& o) const;
  std::optional<state> create(state s, const stream_operation& o) const;
  void arm(stream& t, instant since) const;
  static bool recognize(stream& known, const stream_view& told, bool live);

  int keys_;
  instant idle_after_;
};

}  // namespace berth::tests
