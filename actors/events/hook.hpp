// Web hooks as the core sees them: what is delivered, and the seam behind which HTTP begins.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "actors/contract/event.hpp"
#include "actors/contract/hook_name.hpp"
#include "actors/contract/message.hpp"
#include "actors/contract/promise.hpp"
#include "net/base/time.hpp"

namespace berth::actors {

/// What the dispatcher goes by. Sent to it by the daemon at every change of the configuration; acts at once.
struct hook_settings {
  bool enabled = false;
  std::array<std::string, hook_name_count> urls;        ///< empty = this hook is off
  net::duration timeout = std::chrono::seconds{10};     ///< of each try
  unsigned retries = 1;                                 ///< further tries after a failed one
  net::duration retry_delay = std::chrono::seconds{3};  ///< before the first retry; doubles with each further one
  net::duration alive_interval = std::chrono::seconds{10};
  std::size_t queue_limit = 1000;    ///< deliveries of one stream that wait for their first try
  std::size_t total_limit = 100000;  ///< deliveries of all streams, in whatever state
  std::size_t max_connections = 16;  ///< tries to one receiver at the same time
  std::string secret;                ///< signs the bodies; empty = no signature
  /// For which schemas on_stream_changed is sent.
  net::schema_set changed_schemas = net::all_schemas;
  std::uint64_t flow_threshold = 1024 * 1024;  ///< bytes below which no on_flow_report is sent

  const std::string& url(hook_name name) const noexcept { return urls[static_cast<std::size_t>(name)]; }
  std::string& url(hook_name name) noexcept { return urls[static_cast<std::size_t>(name)]; }
  bool is_on(hook_name name) const noexcept { return enabled && !url(name).empty(); }
};
using hook_settings_ptr = std::shared_ptr<const hook_settings>;

/// How a try ended.
struct hook_outcome {
  enum class result : std::uint8_t {
    delivered,  ///< HTTP 200 and `code` 0
    refused,    ///< HTTP 200 and another integer `code`: heard and not liked, so not tried again
    failed,     ///< anything else: tried again
  };
  result what = result::failed;
  std::int64_t code = 0;  ///< of a refusal
  std::string text;       ///< the receiver's `msg`, or what failed, in words
  /// The members of a good answer that have a text: numbers and booleans as in JSON, strings without quotes.
  std::vector<std::pair<std::string, std::string>> members{};

  static hook_outcome delivered() { return {result::delivered, 0, {}}; }
  static hook_outcome refused(std::int64_t code, std::string msg) { return {result::refused, code, std::move(msg)}; }
  static hook_outcome failed(std::string why) { return {result::failed, 0, std::move(why)}; }

  /// The member's text; nullptr if the answer had none.
  const std::string* member(std::string_view name) const noexcept;
};
template <>
struct refusal_of<hook_outcome> {
  static hook_outcome because(std::string why) { return hook_outcome::failed(std::move(why)); }
};

/// What a hook is asked whose answer is obeyed: publish and stream_none_reader about a stream, play and stream_not_found
/// about a viewer. Answered when the receiver has answered, or the last try has failed; at once, with a good outcome
/// without members, if the hook is off.
struct hook_question {
  using answer = hook_outcome;

  hook_name name = hook_name::publish;
  std::variant<stream_status, viewer> about;
};
using hook_question_ptr = std::shared_ptr<const hook_question>;

/// One try to tell a receiver something.
struct hook_delivery {
  std::uint64_t id = 0;  ///< hook_index: 0, 1, 2, ...; the same in all tries
  hook_name name = hook_name::server_keepalive;
  std::string url;
  event_ptr event;                    ///< null for the keepalive and for questions
  hook_question_ptr question;         ///< null for what is only told
  std::optional<net::schema> schema;  ///< of on_stream_changed
  unsigned attempt = 1;               ///< 1 is the first try
  hook_settings_ptr settings;         ///< those in force when the try began
};

/// Carries tries to receivers. The dispatcher's view of an HTTP client, and where tests put their own.
/// Owned by the daemon; outlives the dispatcher's actor.
class hook_transport {
 public:
  virtual ~hook_transport() = default;

  /// Never blocks. `done` is called exactly once, on any thread, perhaps before post() returns. The timeout of the
  /// delivery's settings is kept by the transport.
  virtual void post(std::shared_ptr<const hook_delivery> delivery, std::function<void(hook_outcome)> done) = 0;
};

/// Who answers at a URL: "scheme://host:port" in lower case. Deliveries to the same receiver share its fate.
std::string receiver_of(std::string_view url);

}  // namespace berth::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::hook_settings_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(berth::actors::hook_outcome)
