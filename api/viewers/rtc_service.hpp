// WebRTC connections of this node: how they are made, and which there are.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "api/core/settings.hpp"
#include "net/rtc/rtc_session.hpp"

namespace berth::api {

/// A session that is being made: it gathers its addresses, which the answer has to name.
class rtc_gathering {
 public:
  // on the session's thread
  void ready(const net::ice_parameters& own);
  void failed(const std::string& why);

  /// For one coroutine.
  boost::asio::awaitable<net::result<net::ice_parameters, std::string>> wait();

 private:
  using outcome = net::result<net::ice_parameters, std::string>;
  void settle(outcome o);

  std::mutex mutex_;
  std::optional<outcome> outcome_;
  std::function<void()> wake_;
};

/// Owned by the daemon; any thread may call it. Its sessions run on a thread of its own, and are let go of before it.
class rtc_service {
 public:
  explicit rtc_service(std::function<rtc_settings()> settings);

  /// Why there is none; empty = there is.
  std::string why_not() const;
  rtc_settings settings() const { return settings_(); }
  const std::string& fingerprint() const noexcept { return identity_->fingerprint(); }
  /// An id and a token under which a client may end a session.
  struct ticket {
    std::string id, token;
  };
  struct entrance {
    std::shared_ptr<net::rtc_session> session;
    rtc_service::ticket ticket;
  };
  /// A session for an offer, not begun yet.
  entrance make(const net::rtc_offer& offer, const std::vector<net::rtc_choice>& choices,
                net::rtc_session::events events);
  /// Calls it again and again until it returns false, on the sessions' thread.
  void every(net::duration interval, std::function<bool()> work);

  enum class farewell { ended, wrong_token, unknown };
  farewell end(const std::string& id, const std::string& token);
  /// Ends all sessions and returns when no event of them comes any more; those that are made later end at once.
  void stop();

 private:
  struct known {
    std::string token;
    std::weak_ptr<net::rtc_session> session;
  };

  std::function<rtc_settings()> settings_;
  std::shared_ptr<const net::dtls_identity> identity_;  // null: complaint_
  std::string complaint_;
  net::rtc_loop loop_;
  std::mutex mutex_;
  std::map<std::string, known> sessions_;
  bool stopped_ = false;
};

}  // namespace berth::api
