#include "api/viewers/rtc_service.hpp"

#include <openssl/rand.h>

#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <future>

#include "api/http/auth.hpp"
#include "api/text/text.hpp"

namespace berth::api {
namespace {

namespace asio = boost::asio;

constexpr auto gathering_time = std::chrono::seconds{5};

std::string random_name() {
  std::array<unsigned char, 16> bytes{};
  RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
  return to_hex(bytes);
}

}  // namespace

// ---- gathering ----------------------------------------------------------------------------------------------------

void rtc_gathering::ready(const net::ice_parameters& own) { settle(own); }

void rtc_gathering::failed(const std::string& why) { settle(net::failure{why}); }

void rtc_gathering::settle(outcome o) {
  std::function<void()> wake;
  {
    const std::lock_guard lock{mutex_};
    if (outcome_) return;
    outcome_.emplace(std::move(o));
    wake = std::exchange(wake_, nullptr);
  }
  if (wake) wake();
}

asio::awaitable<net::result<net::ice_parameters, std::string>> rtc_gathering::wait() {
  const auto executor = co_await asio::this_coro::executor;
  const auto timer = std::make_shared<asio::steady_timer>(executor, gathering_time);
  bool there = false;
  {
    const std::lock_guard lock{mutex_};
    there = outcome_.has_value();
    // Posted: not before this coroutine waits.
    if (!there) wake_ = [timer, executor] { asio::post(executor, [timer] { timer->cancel(); }); };
  }
  if (!there) {
    boost::system::error_code woken;
    auto token = asio::redirect_error(asio::use_awaitable, woken);
    co_await timer->async_wait(token);
  }
  const std::lock_guard lock{mutex_};
  wake_ = nullptr;
  if (!outcome_) co_return net::failure{std::string{"no addresses were found in time"}};
  co_return *outcome_;
}

// ---- sessions -----------------------------------------------------------------------------------------------------

rtc_service::rtc_service(std::function<rtc_settings()> settings) : settings_(std::move(settings)) {
  auto made = net::dtls_identity::make();
  if (made)
    identity_ = std::move(*made);
  else
    complaint_ = made.error();
}

std::string rtc_service::why_not() const {
  if (!identity_) return complaint_;
  return settings_().enable ? "" : "WebRTC is switched off by rtc.enable";
}

rtc_service::entrance rtc_service::make(const net::rtc_offer& offer, const std::vector<net::rtc_choice>& choices,
                                        net::rtc_session::events events) {
  const auto c = settings_();
  net::rtc_session_options o;
  o.identity = identity_;
  o.ice.addresses = c.addresses;
  o.ice.announced = c.announced;
  o.ice.ports = c.ports;
  o.remote = offer.ice;
  o.dtls.as = net::answerer_begins(offer) ? net::dtls_srtp::role::client : net::dtls_srtp::role::server;
  o.dtls.remote_fingerprint = offer.fingerprint;
  for (const auto& choice : choices)
    if (choice.ssrc != 0) o.resent.push_back(choice.ssrc);
  o.patience = c.patience;
  entrance e{net::rtc_session::make(loop_, std::move(o), std::move(events)), {random_name(), random_name()}};
  const std::lock_guard lock{mutex_};
  std::erase_if(sessions_, [](const auto& s) { return s.second.session.expired(); });
  sessions_[e.ticket.id] = {e.ticket.token, e.session};
  if (stopped_) e.session->stop();
  return e;
}

void rtc_service::every(net::duration interval, std::function<bool()> work) {
  loop_.post_after(interval, [this, interval, work = std::move(work)]() mutable {
    if (work()) every(interval, std::move(work));
  });
}

rtc_service::farewell rtc_service::end(const std::string& id, const std::string& token) {
  const std::lock_guard lock{mutex_};
  const auto found = sessions_.find(id);
  const auto session = found == sessions_.end() ? nullptr : found->second.session.lock();
  if (!session) return farewell::unknown;
  if (!same_secret(token, found->second.token)) return farewell::wrong_token;
  session->stop();
  sessions_.erase(found);
  return farewell::ended;
}

void rtc_service::stop() {
  {
    const std::lock_guard lock{mutex_};
    stopped_ = true;
    for (const auto& [id, s] : sessions_)
      if (const auto session = s.session.lock()) session->stop();
    sessions_.clear();
  }
  std::promise<void> over;
  loop_.post([&] { over.set_value(); });
  over.get_future().wait();
}

}  // namespace berth::api
