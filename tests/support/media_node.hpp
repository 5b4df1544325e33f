// The viewers' side of a node on a free port of the loopback, with streams that a test feeds.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "api/http/http_server.hpp"
#include "api/viewers/http_entrance.hpp"
#include "tests/support/live_source.hpp"

namespace berth::tests {

/// A bound for a failure; what is waited for takes milliseconds.
inline constexpr std::chrono::seconds patience{20};

class media_node {
 public:
  explicit media_node(api::viewer_settings s = {}, std::size_t threads = 2, api::http_settings http = {})
      : settings_(s),
        http_(std::move(http)),
        contexts_(threads),
        media(contexts_, [this] { return settings_; }),
        in(
            media, [this](actors::watch_request r) { return watch(std::move(r)); },
            [this](const actors::viewer& who, const actors::consumption& taken) { note(who, taken); }),
        entrance_(in),
        server_(std::in_place, contexts_[0], contexts_,
                api::http_service{.settings = http_,
                                  .answer = [this](api::http_request& r) { return entrance_.serve(r); },
                                  .log = {},
                                  .access_log = {}}) {
    port = *server_->listen("127.0.0.1", 0);
    for (std::size_t i = 0; i < threads; ++i)
      threads_.emplace_back([this, i] {
        const auto guard = boost::asio::make_work_guard(contexts_[i]);
        contexts_[i].run();
      });
  }
  ~media_node() {
    stop();
    contexts_.stop();
    for (auto& t : threads_) t.join();
  }

  /// As the daemon does it.
  void stop() {
    if (!server_) return;
    std::promise<void> viewers, server;
    media.stop([&] { viewers.set_value(); });
    viewers.get_future().wait();
    server_->stop(std::chrono::seconds{1}, [&] { server.set_value(); });
    server.get_future().wait();
    server_.reset();
  }

  /// Makes rtp/NAME a stream that can be watched; a new one of that name is another life.
  void publish(const std::string& name, const live_source& source) {
    const std::lock_guard lock{mutex_};
    streams_[name] = {{"__defaultVhost__", "rtp", name}, ++generation_, source.frames};
  }
  void refuse(const std::string& name, actors::errc why, std::string text) {
    const std::lock_guard lock{mutex_};
    refusals_[name] = {why, std::move(text), {}};
  }

  struct departure {
    actors::viewer who;
    actors::consumption taken;
  };
  std::vector<departure> departures() {
    const std::lock_guard lock{mutex_};
    return departures_;
  }
  /// All who asked to watch.
  std::vector<actors::viewer> asked() {
    const std::lock_guard lock{mutex_};
    return asked_;
  }
  std::size_t connections() const { return server_->connections(); }

 private:
  boost::asio::awaitable<actors::outcome<actors::watched>> watch(actors::watch_request r) {
    const std::lock_guard lock{mutex_};
    asked_.push_back(r.who);
    if (const auto no = refusals_.find(r.who.key.stream); no != refusals_.end()) co_return net::failure{no->second};
    const auto found = streams_.find(r.who.key.stream);
    if (found == streams_.end()) co_return net::failure{actors::rejection{actors::errc::not_found, "no stream", {}}};
    co_return found->second;
  }
  void note(const actors::viewer& who, const actors::consumption& taken) {
    const std::lock_guard lock{mutex_};
    departures_.push_back({who, taken});
  }

  const api::viewer_settings settings_;
  api::http_settings_holder http_;
  std::mutex mutex_;
  std::map<std::string, actors::watched> streams_;
  std::map<std::string, actors::rejection> refusals_;
  std::vector<departure> departures_;
  std::vector<actors::viewer> asked_;
  actors::generation_t generation_ = 0;
  api::context_pool contexts_;

 public:
  api::viewer_service media;
  api::viewer_entrance in;
  std::uint16_t port = 0;

 private:
  api::http_entrance entrance_;
  std::optional<api::http_server> server_;
  std::vector<std::thread> threads_;
};

}  // namespace berth::tests
