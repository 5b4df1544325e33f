// Media that the node fetches itself: from another server, or from a file.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "net/base/result.hpp"
#include "net/base/time.hpp"
#include "net/ingest/depacketizer.hpp"
#include "net/source/container_units.hpp"

namespace berth::net {

enum class rtsp_transport : std::uint8_t { tcp, udp, multicast };

/// What is to be fetched and how. Immutable, shared by all who show it.
struct source_options {
  std::string url;  ///< of a file: its absolute path
  bool file = false;
  bool pushed = false;  ///< it is not fetched at all: somebody has come who sends it
  bool repeat = false;  ///< of a file: begin again at its end
  rtsp_transport transport = rtsp_transport::tcp;
  duration timeout = std::chrono::seconds{8};  ///< of opening, and of a silence
  int retries = -1;                            ///< behind a loss of what once was there; -1 = without end

  bool operator==(const source_options&) const = default;
};
using source_options_ptr = std::shared_ptr<const source_options>;

/// One thing that a source has to say.
struct source_item {
  enum class kind : std::uint8_t {
    opened,     ///< `announced` is what comes; said again when it was opened anew
    unit,       ///< a frame
    restarted,  ///< what follows does not go on where the units before ended
    lost,       ///< `reason`; it is tried again
    ended,      ///< `reason`; nothing follows
  };
  kind what = kind::unit;
  std::optional<announced_tracks> announced{};
  container_unit unit{};
  std::string reason{};
};

/// Fetches by itself, on a thread of its own where that is needed, and keeps what has come, within bounds.
/// Owned by a pulled stream; its members never wait, except the destructor, which must come after `ended` then.
class media_source {
 public:
  virtual ~media_source() = default;
  /// What has come by now, in order.
  virtual std::deque<source_item> take() = 0;
  /// Nothing is wanted any more: `ended` comes soon.
  virtual void stop() = 0;
  /// Of a file; others pass over it.
  virtual void seek(duration to) = 0;
  virtual void set_speed(double factor) = 0;
};

/// Begins to fetch. `wake` is called on any thread when there is something to take, once until it has been taken.
using source_factory = std::function<std::unique_ptr<media_source>(source_options_ptr, std::function<void()> wake)>;

/// What may be opened, decided anew at each opening, on a thread that may wait: the URL to open in place of the wanted
/// one (its host as an address that was looked at), or a sentence why not.
struct admitted_url {
  std::string url;
  std::string host{};  ///< for the Host field of HTTP; empty = the URL's own
};
using url_policy = std::function<result<admitted_url, std::string>(const std::string& url)>;

/// The URL for people: without the password in it.
std::string without_password(const std::string& url);

}  // namespace berth::net
