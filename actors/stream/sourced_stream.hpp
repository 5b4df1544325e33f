// A stream that the node fetches itself.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "actors/contract/mooring.hpp"
#include "actors/contract/promise.hpp"
#include "actors/contract/supervision.hpp"
#include "actors/stream/deadline_timer.hpp"
#include "actors/stream/hosting.hpp"
#include "net/ingest/media_outlet.hpp"
#include "net/source/media_source.hpp"

namespace berth::actors {

struct sourced_stream_options {
  stream_key key;
  generation_t generation = 0;
  net::source_options_ptr source;
  net::source_factory open_source;
  net::media_options media;
};

/// Makes frames of what its source gives. Ends when the source has ended, and lets that end first when it is closed.
/// Spawned and closed by the supervisor, which keeps the only strong handle; all its code runs on its reactor's thread,
/// the source's own thread only wakes it.
class sourced_stream final : public hosted_actor<sourced_stream_actor> {
 public:
  sourced_stream(caf::actor_config& config, const berth_host& host, std::shared_ptr<mooring> shared,
                 sourced_stream_options options, weak_handle<overseer_actor> supervisor);

  const char* name() const override { return "sourced_stream"; }
  behavior make_behavior() override;
  void on_exit() override;

  void on_ready(std::uint32_t, std::uint32_t, net::time_point) override {}
  void on_timer(std::uint32_t tag, net::time_point now) override;

 private:
  caf::result<outcome<completed>> begin();
  void close();
  outcome<completed> play_back(const playback_request& command);
  void take_items();
  void take(net::source_item& item, net::time_point now);
  void take_unit(const net::container_unit& unit, net::time_point now);
  void settle(const outcome<completed>& answer);
  void tell_supervisor();
  void note(const std::string& reason) { shared_->last_reason.store(short_text{reason}); }

  // given
  std::shared_ptr<mooring> shared_;
  sourced_stream_options options_;
  weak_handle<overseer_actor> supervisor_;
  // owned
  net::live_media_ptr media_;
  net::media_outlet outlet_;
  std::unique_ptr<net::media_source> source_;  // from begin() on
  deadline_timer media_timer_;
  // state
  bool opened_ = false;
  bool complete_ = false;
  bool closing_ = false;
  bool announced_itself_ = false;  // to the supervisor, which has to ask how it is to be published
  std::optional<net::announced_tracks> announced_;
  std::optional<net::time_point> last_unit_;
  std::vector<promise<outcome<completed>>> waiting_;  // bounded by the connections that ask
};

}  // namespace berth::actors
