// One daemon and a client for each of its faces: what nearly every test of this folder begins with.
#pragma once

#include <string>

#include "tests/support/condition.hpp"
#include "tests/support/daemon_process.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/rtp_sender.hpp"

namespace berth::tests {

using namespace std::chrono_literals;
using boost::json::object;

/// How long something may take that happens at once: generous, since a machine may be busy.
inline constexpr auto soon = std::chrono::seconds{10};

/// What a call that is about a stream's media takes, and `more`.
inline text_pairs named(const std::string& app, const std::string& id, text_pairs more = {}) {
  more.insert(more.end(), {{"schema", "rtsp"}, {"vhost", "__defaultVhost__"}, {"app", app}, {"stream", id}});
  return more;
}

/// Made by a test case, for itself alone.
struct node {
  explicit node(daemon_process::settings more = {}, std::size_t pairs = 64)
      : daemon(std::move(more), pairs),
        peer(daemon.http_port(), daemon.secret()),
        v1(daemon.http_port(), daemon.secret()) {}

  object call(const std::string& name, const text_pairs& arguments = {}) { return peer.call(name, arguments); }
  std::int64_t code(const std::string& name, const text_pairs& arguments = {}) {
    return number(call(name, arguments), "code");
  }

  /// The answer of openRtpServer, with port 0 unless `more` names one.
  object open(const std::string& id, const text_pairs& more = {}) { return call("openRtpServer", with(id, more)); }
  /// As open(), and the port; throws unless it succeeded.
  std::uint16_t port_of(const std::string& id, const text_pairs& more = {}) { return port_in(open(id, more)); }
  object info(const std::string& id) { return call("getRtpInfo", {{"stream_id", id}}); }
  bool exists(const std::string& id) { return flag(info(id), "exist"); }
  bool online(const std::string& app, const std::string& id) {
    return flag(call("isMediaOnline", named(app, id)), "online");
  }
  std::int64_t close(const std::string& id) { return number(call("closeRtpServer", {{"stream_id", id}}), "hit"); }

  /// A figure of an open stream, 0 when there is none.
  std::int64_t figure(const std::string& id, std::string_view name) {
    const auto o = info(id);
    return o.contains(name) ? number(o, name) : 0;
  }
  std::int64_t refused(const std::string& id, std::string_view cause) {
    const auto o = info(id);
    return o.contains("refused") ? number(o.at("refused").as_object(), cause) : 0;
  }
  /// Waits until a stream's figure is `value`.
  bool reaches(const std::string& id, std::string_view name, std::int64_t value) {
    return eventually(soon, [&] { return figure(id, name) == value; });
  }
  /// Waits until nothing has come for a while: whatever was sent is in then.
  bool falls_silent(const std::string& id) {
    return eventually(soon, [&] { return figure(id, "silent_ms") > 250; });
  }
  bool listed(const std::string& id) { return item(id).has_value(); }
  /// The item of listRtpServer.
  std::optional<object> item(const std::string& id) {
    const auto answer = call("listRtpServer");
    for (const auto& v : answer.at("data").as_array())
      if (v.at("stream_id").as_string() == id) return v.as_object();
    return std::nullopt;
  }

  static text_pairs with(const std::string& id, const text_pairs& more) {
    text_pairs all = more;
    all.emplace_back("stream_id", id);
    bool named = false;
    for (const auto& [name, value] : more) named |= name == "port";
    if (!named) all.emplace_back("port", "0");
    return all;
  }
  static std::uint16_t port_in(const object& answer) {
    if (number(answer, "code") != 0) throw std::runtime_error("not opened: " + boost::json::serialize(answer));
    return static_cast<std::uint16_t>(number(answer, "port"));
  }

  daemon_process daemon;
  peer_face peer;
  native_face v1;
};

/// datagrams = accepted + the sum of all refusals.
inline bool adds_up(const object& stream) {
  std::int64_t sum = number(stream, "packets");
  for (const auto& [cause, count] : stream.at("refused").as_object()) sum += count.to_number<std::int64_t>();
  return sum == number(stream, "datagrams");
}

}  // namespace berth::tests
