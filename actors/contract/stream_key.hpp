// The name of a stream and the identity of one of its lives.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace berth::actors {

/// The name of a virtual host. Nearly always it is the default one, which takes no memory, since a key is copied a dozen
/// times an open. Immutable, and copied by any thread.
class vhost_name {
 public:
  vhost_name() = default;
  vhost_name(std::string name)  // NOLINT(google-explicit-constructor)
      : other_(name == default_name() ? nullptr : std::make_shared<const std::string>(std::move(name))) {}
  vhost_name(const char* name) : vhost_name(std::string{name}) {}  // NOLINT(google-explicit-constructor)

  const std::string& str() const noexcept { return other_ ? *other_ : default_name(); }
  bool empty() const noexcept { return other_ && other_->empty(); }

  friend bool operator==(const vhost_name& a, const vhost_name& b) noexcept {
    return a.other_ == b.other_ || (a.other_ && b.other_ && *a.other_ == *b.other_);
  }
  friend std::strong_ordering operator<=>(const vhost_name& a, const vhost_name& b) noexcept {
    return a.other_ == b.other_ ? std::strong_ordering::equal : a.str() <=> b.str();
  }

 private:
  static const std::string& default_name() noexcept {
    static const std::string name{"__defaultVhost__"};
    return name;
  }

  std::shared_ptr<const std::string> other_;  // null: the default one
};

/// Names a stream: virtual host, application, stream id. The parts may hold any text, slashes included, so they are
/// kept apart and never joined for comparing.
struct stream_key {
  vhost_name vhost;
  std::string app = "rtp";
  std::string stream;

  auto operator<=>(const stream_key&) const = default;
};

/// For logs and events: "vhost/app/stream".
inline std::string to_string(const stream_key& key) { return key.vhost.str() + "/" + key.app + "/" + key.stream; }

/// Of the shared port of the configuration, rtp_proxy.port: no client opens, closes or displaces it.
inline stream_key configured_key() { return {{}, "rtp", "rtp_proxy.port"}; }

/// Counts every opening of any stream; never used twice while the daemon runs. Whoever holds a key and an old
/// generation talks about a predecessor and is not heard.
using generation_t = std::uint64_t;

}  // namespace berth::actors

template <>
struct std::hash<berth::actors::stream_key> {
  std::size_t operator()(const berth::actors::stream_key& key) const noexcept {
    const std::hash<std::string> h;
    return h(key.stream) ^ (h(key.app) * 31) ^ (h(key.vhost.str()) * 131);
  }
};
