// What all viewers of one stream in one container share, however many threads they are spread over.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "net/egress/packager.hpp"

namespace berth::api {

/// A packager and its place at the stream's fan-out: new frames become one turn of each group of viewers that has some
/// of this feed, however many frames came and however many viewers there are.
/// Owned by its viewers; its members may be called from any thread. The fan-out's writer is never kept waiting: it only
/// posts.
class viewer_feed : public std::enable_shared_from_this<viewer_feed> {
 public:
  /// Posts a turn of that group. Called on the writer's thread, under the fan-out's lock.
  using post_turn = std::function<void(std::size_t group, std::weak_ptr<viewer_feed> feed)>;

  viewer_feed(net::fan_out_ptr frames, net::container as, const net::muxer_options& options, std::size_t groups,
              post_turn post);

  /// A viewer of this group came or left.
  void came(std::size_t group) noexcept { ++slots_[group].viewers; }
  void left(std::size_t group) noexcept { --slots_[group].viewers; }

  /// Takes what is new from the stream, and asks for a turn of `group` when more comes.
  void advance(std::size_t group);

  const net::fan_out& frames() const noexcept { return *frames_; }
  const net::packager& chunks() const noexcept { return packager_; }

 private:
  struct slot {
    std::atomic<int> viewers{0};
    std::atomic<bool> posted{false};
  };

  void wake();

  const net::fan_out_ptr frames_;
  net::packager packager_;
  const post_turn post_;
  std::vector<slot> slots_;
  // The last member: it is gone, and with it every call of wake(), before the others go.
  std::unique_ptr<net::fan_out::place> place_;
};
using viewer_feed_ptr = std::shared_ptr<viewer_feed>;

}  // namespace berth::api
