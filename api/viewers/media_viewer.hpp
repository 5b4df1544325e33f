// One viewer's connection, whatever it speaks.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "actors/contract/event.hpp"
#include "api/viewers/viewer_feed.hpp"
#include "api/viewers/viewer_registry.hpp"
#include "net/base/time.hpp"
#include "net/base/unique_fd.hpp"

namespace berth::api {

/// What a viewer is made of, besides its connection.
struct viewer_order {
  viewer_feed_ptr feed;
  net::fan_out_ptr media;  ///< where it counts as a viewer
  viewer_registry::entry_ptr entry;
  /// Called once, when it has left; may be empty.
  std::function<void(const actors::viewer&, const actors::consumption&)> left;
  net::duration timeout{};  ///< takes nothing for so long: is cut
};

/// Writes what its feed has, one write at a time; meanwhile the feed's ring is its queue. The transports derive from it:
/// they write chunks, which are everybody's, and report back.
/// Made on any thread, then owned by its group and used on the group's thread only; pending operations keep it alive.
/// Dies when it is over and nothing is pending.
class media_viewer : public std::enable_shared_from_this<media_viewer> {
 public:
  enum class ending { stream_over, kicked, going_down };
  using chunks = std::span<const net::chunk_ptr>;
  static constexpr std::size_t most_at_once = 1024 * 1024;  ///< bytes a write
  // Who sends datagrams gives the receiver's buffer a rest after so many.
  static constexpr std::size_t packets_a_turn = 64;
  static constexpr std::chrono::milliseconds rest_between_turns{2};

  virtual ~media_viewer();
  media_viewer(const media_viewer&) = delete;
  media_viewer& operator=(const media_viewer&) = delete;

  const viewer_feed_ptr& feed() const noexcept { return order_.feed; }
  void begin(std::size_t group);
  /// Sends what is new, if nothing is on its way.
  void pump();
  /// About once a second: cuts a viewer that has stopped taking.
  void tick(net::time_point now);
  /// Says goodbye behind what is on its way, or cuts when that takes long. Is no longer counted from now on.
  void end(ending why);
  /// Without a word, and without telling that it has left.
  void drop() noexcept;
  bool over() const noexcept { return state_ == state::over; }

 protected:
  explicit media_viewer(viewer_order order);

  // ---- for the transport to do

  /// Settles that media follows; then opened().
  virtual void open() = 0;
  /// Writes all of them, never none, which stay alive until sent(); then sent().
  virtual void send(chunks media) = 0;
  /// Says that nothing follows; then cut().
  virtual void say_goodbye(ending why) = 0;
  virtual void close() noexcept = 0;
  /// Whether media can be sent at all, once opened.
  virtual bool is_connected() const noexcept { return true; }

  // ---- for the transport to report

  void opened();
  /// `bytes` of media are with the client, or on their way to it.
  void sent(boost::system::error_code error, std::size_t bytes);
  /// The client has taken something of what is on its way.
  void progressed() noexcept { progress_ = net::clock::now(); }
  /// Goes on with the next key frame: what was read meanwhile is not with the client.
  void resume() noexcept { at_.begun = false; }
  /// The connection is of no more use.
  void cut() noexcept;

  std::shared_ptr<media_viewer> keep() { return shared_from_this(); }

 private:
  enum class state { opening, open, ending, over };

  void leave(bool tell) noexcept;

  viewer_order order_;
  state state_ = state::opening;
  ending why_ = ending::stream_over;
  net::time_point ending_since_;
  std::size_t group_ = 0;
  net::packager::position at_;
  net::packager::batch batch_;  // on its way
  bool writing_ = false;
  net::time_point progress_;
};
using media_viewer_ptr = std::shared_ptr<media_viewer>;

/// For those who write chunks as they are: adds their bytes to `to`, and gives how many that are.
std::size_t gather(media_viewer::chunks media, std::vector<boost::asio::const_buffer>& to);

/// A socket for a connection that was taken, ready for media: small packets go at once, and the kernel holds no more than
/// `send_buffer` bytes (0: its own measure), so that it is noticed when a viewer takes nothing.
boost::asio::ip::tcp::socket adopt(net::unique_fd socket, const boost::asio::any_io_executor& executor,
                                   std::size_t send_buffer);

}  // namespace berth::api
