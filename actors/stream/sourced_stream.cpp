#include "actors/stream/sourced_stream.hpp"

#include "net/source/container_units.hpp"

namespace berth::actors {
sourced_stream::sourced_stream(caf::actor_config& config, const berth_host& host, std::shared_ptr<mooring> shared,
                               sourced_stream_options options, weak_handle<overseer_actor> supervisor)
    : hosted_actor(config, host),
      shared_(std::move(shared)),
      options_(std::move(options)),
      supervisor_(std::move(supervisor)),
      media_(std::make_shared<net::live_media>(options_.media)),
      outlet_(media_, options_.media, net::track_wish::all,
              [this] {
                complete_ = true;
                tell_supervisor();
              }),
      media_timer_(poller(), *this, 0) {}

sourced_stream::behavior sourced_stream::make_behavior() {
  return {[this](const close_command&) { close(); },
          [this](const publish_grant& grant) {
            const auto& options = grant.options;
            if (outlet_.begun()) return;
            outlet_.begin({.stamps = static_cast<net::stamp_mode>(options.modify_stamp),
                           .audio = options.enable_audio,
                           .silence = options.add_mute_audio},
                          [this] { return announced_; });
            take_items();
          },
          [this](const begin_fetch&) { return begin(); }, [this](const media_came&) { take_items(); },
          [this](const playback_request& command) { return play_back(command); }};
}

void sourced_stream::on_exit() {
  media_timer_.cancel();
  outlet_.end();
  source_.reset();
  for (const auto& one : std::exchange(waiting_, {}))
    one.deliver(reject(errc::stream_ended, to_string(options_.key) + " was closed meanwhile"));
}

void sourced_stream::on_timer(std::uint32_t, net::time_point now) {
  if (!enter()) return;
  media_timer_.fired();
  outlet_.expire(now);
  outlet_.end_batch(now);
  media_timer_.arm(outlet_.deadline());
}

caf::result<outcome<completed>> sourced_stream::begin() {
  if (opened_) return outcome<completed>{completed{}};
  const promise<outcome<completed>> later{this};
  waiting_.push_back(later);
  if (!source_) source_ = options_.open_source(options_.source, waker<media_came>());
  return later;
}

void sourced_stream::close() {
  if (!source_) return quit();
  closing_ = true;
  source_->stop();
  // What waited for an answer that will not come must not hide the end.
  take_items();
}

outcome<completed> sourced_stream::play_back(const playback_request& command) {
  if (source_ && command.position) source_->seek(*command.position);
  if (source_ && command.speed) source_->set_speed(*command.speed);
  return completed{};
}

void sourced_stream::take_items() {
  if (!source_) return;
  if (!outlet_.begun() && !closing_) {
    // What comes before it is known how it is to be published waits in the source.
    if (!std::exchange(announced_itself_, true)) tell_supervisor();
    return;
  }
  const auto now = clock().now();
  for (auto& item : source_->take()) take(item, now);
  outlet_.end_batch(now);
  media_timer_.arm(outlet_.deadline());
}

void sourced_stream::take(net::source_item& item, net::time_point now) {
  switch (item.what) {
    case net::source_item::kind::opened:
      if (closing_) break;
      opened_ = true;
      announced_ = item.announced;
      settle(completed{});
      break;
    case net::source_item::kind::unit:
      if (outlet_.begun()) take_unit(item.unit, now);
      break;
    case net::source_item::kind::restarted:
      if (outlet_.begun()) outlet_.maker().reset();
      break;
    case net::source_item::kind::lost:
      note(item.reason);
      break;
    case net::source_item::kind::ended:
      note(item.reason);
      settle(reject(errc::connect_failed, item.reason));
      quit();
      break;
  }
}

// A frame counts as a packet: everything that looks at a stream's figures sees it live and flow.
void sourced_stream::take_unit(const net::container_unit& unit, net::time_point now) {
  auto& counters = shared_->counters;
  counters.datagrams.add();
  counters.accepted.add();
  counters.accepted_bytes.add(unit.data.size());
  mooring::mark(shared_->last_datagram, now);
  mooring::mark(shared_->last_packet, now);
  outlet_.count(unit.data.size());
  outlet_.maker().set_packet(now, 0);
  net::give_unit(unit, outlet_.maker());
  if (!last_unit_ || now - *last_unit_ >= notice_interval) tell_supervisor();
  last_unit_ = now;
}

void sourced_stream::settle(const outcome<completed>& answer) {
  for (const auto& one : std::exchange(waiting_, {})) one.deliver(answer);
}

void sourced_stream::tell_supervisor() {
  supervisor_.tell(stream_notice{options_.key, options_.generation, media_, complete_});
}

}  // namespace berth::actors
