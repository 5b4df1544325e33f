// One stream as a list of small files, made while players ask for them.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "actors/contract/event.hpp"
#include "api/core/viewer_settings.hpp"
#include "api/viewers/viewer_registry.hpp"
#include "net/egress/hls_segmenter.hpp"
#include "net/media/fan_out.hpp"

namespace berth::api {

/// A segmenter with its place at the stream's fan-out. It ends when nobody has asked for a while, or some time after the
/// stream. Each address that asks counts as one viewer, while it asks: files are all that tells players apart. Those
/// beyond a few hundred count as one together.
/// Owned by hls_streams and by requests under way. Any thread may call it; frames are taken on the thread it is given.
class hls_stream : public std::enable_shared_from_this<hls_stream> {
 public:
  using left_function = std::function<void(const actors::viewer&, const actors::consumption&)>;

  /// `name` stands in front of each file's name, so that no file of another life is taken for one of this.
  /// `over` is called once, on the thread, when the session ends by itself.
  hls_stream(boost::asio::any_io_executor executor, std::string name, actors::stream_key key, net::fan_out_ptr media,
             const viewer_settings& settings, net::container as, std::function<void()> over);
  ~hls_stream();
  hls_stream(const hls_stream&) = delete;
  hls_stream& operator=(const hls_stream&) = delete;

  void start();
  /// Ends it; what waits goes on without a segment. `tell`: of the viewer that leaves.
  void end(bool tell);

  const std::string& name() const noexcept { return name_; }

  /// Whether this visitor was let in, not long ago. A visitor is an address, and behind a '?' whatever else the caller
  /// tells apart.
  bool admits(const std::string& visitor, net::time_point now);
  void admit(std::string visitor, net::time_point now);

  /// Somebody asks for a file: counts as a viewer from now on. False if it was not counted and there is no room for one
  /// more. `who`, with the stream's own key, and `left` are used
  /// when it begins to count.
  bool asked(viewer_registry& registry, actors::viewer who, const left_function& left, net::time_point now);

  /// False if there is none when `patience` is over.
  boost::asio::awaitable<bool> wait_for_segment(net::duration patience);
  std::string playlist() const;
  /// By its name, without the session's in front, for who asks from there; null if it is not there.
  net::chunk_ptr file(std::string_view name, const net::endpoint& peer);

 private:
  using waiter = std::shared_ptr<boost::asio::steady_timer>;
  struct player {
    viewer_registry::entry_ptr entry;
    left_function left;
    net::time_point last_asked;
  };
  using players = std::unordered_map<std::string, player>;  // by address

  void drain();
  void arm();
  void tick();
  void wake_waiters();
  std::string name_of(const net::endpoint& peer) const;
  players::iterator leave(players::iterator who, bool tell);
  void leave_all(bool tell);
  bool is_due(net::time_point now) const;

  const boost::asio::any_io_executor executor_;
  const std::string name_;
  const actors::stream_key key_;
  const net::fan_out_ptr media_;
  const viewer_settings settings_;
  const std::function<void()> over_;
  boost::asio::steady_timer timer_;  // on the thread

  mutable std::mutex mutex_;  // guards what follows
  net::hls_segmenter segmenter_;
  net::fan_out::position at_;
  std::unordered_map<std::string, net::time_point> admitted_;
  std::vector<waiter> waiting_;
  players players_;  // as many as the registry takes
  net::time_point last_asked_;
  std::optional<net::time_point> stream_ended_;
  bool ended_ = false;

  std::unique_ptr<net::fan_out::place> place_;  // last: no wake comes behind it
};
using hls_stream_ptr = std::shared_ptr<hls_stream>;

}  // namespace berth::api
