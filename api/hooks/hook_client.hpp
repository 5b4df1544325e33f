// Web hooks over HTTP: one POST a try.
#pragma once

#include <curl/curl.h>
#include <openssl/types.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "actors/events/hook.hpp"
#include "api/hooks/hook_try.hpp"
#include "net/base/cpu_clock.hpp"

namespace berth::api {

/// Posts deliveries over http:// and https://, on connections that libcurl keeps and uses again: at most
/// max_connections for each receiver that the settings name wait for a next use. How many are busy is up to the caller.
/// Owned by the daemon. All transfers are on a thread of its own, which also calls `body` and `done`; post() may be
/// called from any thread, stop() from any but that one.
class hook_client final : public actors::hook_transport {
 public:
  using body_source = std::function<std::string(const actors::hook_delivery&)>;
  using certificates = std::shared_ptr<X509_STORE>;
  using done_function = std::function<void(actors::hook_outcome)>;

  /// Certificates are verified against `trust`, by default the system's store.
  explicit hook_client(body_source body, certificates trust = system_trust());
  ~hook_client() override;

  void post(std::shared_ptr<const actors::hook_delivery> delivery, done_function done) override;

  /// Ends all tries: each outstanding `done` has been called on return, and every later post() fails at once.
  void stop();

  /// What its thread has used so far; nothing when it has ended.
  net::duration cpu_time() const noexcept { return cpu_clock_.used(); }

  static certificates system_trust();

 private:
  struct posted {
    std::shared_ptr<const actors::hook_delivery> delivery;
    done_function done;
  };
  struct under_way {
    std::unique_ptr<hook_try> what;
    done_function done;
  };
  struct deleter {
    void operator()(CURLM* transfers) const noexcept { ::curl_multi_cleanup(transfers); }
  };

  void run();
  bool begin_posted();
  void begin(posted p);
  void finish(CURL* transfer, CURLcode end);
  void keep_connections_for(const actors::hook_settings_ptr& settings);
  void answer_all();

  const body_source body_;
  const certificates trust_;
  const std::unique_ptr<CURLM, deleter> transfers_;
  // its thread's
  std::map<CURL*, under_way> tries_;
  actors::hook_settings_ptr kept_for_;
  // everybody's
  std::mutex mutex_;
  bool stopped_ = false;
  std::vector<posted> posted_;
  std::once_flag joined_;
  std::thread thread_;
  net::cpu_clock cpu_clock_{thread_.native_handle()};
};

}  // namespace berth::api
