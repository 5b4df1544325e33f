#include "api/hooks/hook_client.hpp"

#include <openssl/x509.h>
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <set>
#include <stdexcept>
#include <utility>

namespace berth::api {
namespace {

using actors::hook_outcome;

constexpr int longest_wait_ms = 60 * 1000;  // libcurl knows itself when one of its transfers is due

hook_outcome has_stopped() { return hook_outcome::failed("the hook client has stopped"); }

CURLM* make_transfers() {
  static const auto ready = ::curl_global_init(CURL_GLOBAL_DEFAULT);  // once a process, and before any thread uses it
  auto* made = ready == CURLE_OK ? ::curl_multi_init() : nullptr;
  if (made == nullptr) throw std::runtime_error{"libcurl can not be used"};
  return made;
}

}  // namespace

hook_client::hook_client(body_source body, certificates trust)
    : body_(std::move(body)), trust_(std::move(trust)), transfers_(make_transfers()), thread_([this] { run(); }) {
  ::pthread_setname_np(thread_.native_handle(), "hooks");
}

hook_client::~hook_client() { stop(); }

// ---- whoever posts ------------------------------------------------------------------------------------------------

void hook_client::post(std::shared_ptr<const actors::hook_delivery> delivery, done_function done) {
  {
    const std::lock_guard lock{mutex_};
    if (!stopped_) posted_.push_back({std::move(delivery), std::exchange(done, nullptr)});
  }
  if (done) return done(has_stopped());
  ::curl_multi_wakeup(transfers_.get());
}

void hook_client::stop() {
  {
    const std::lock_guard lock{mutex_};
    stopped_ = true;
  }
  ::curl_multi_wakeup(transfers_.get());
  std::call_once(joined_, [this] { thread_.join(); });
}

hook_client::certificates hook_client::system_trust() {
  certificates trust{::X509_STORE_new(), &::X509_STORE_free};
  ::X509_STORE_set_default_paths(trust.get());  // without a store no certificate is trusted, which says so by itself
  return trust;
}

// ---- its thread ---------------------------------------------------------------------------------------------------

void hook_client::run() {
  // No signal is for this thread, nor for those that libcurl makes; a write to a closed connection is only an error.
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
  while (begin_posted()) {
    int number = 0;
    ::curl_multi_perform(transfers_.get(), &number);
    while (const auto* m = ::curl_multi_info_read(transfers_.get(), &number))
      if (m->msg == CURLMSG_DONE) finish(m->easy_handle, m->data.result);
    ::curl_multi_poll(transfers_.get(), nullptr, 0, longest_wait_ms, nullptr);
  }
  answer_all();
}

bool hook_client::begin_posted() {
  std::vector<posted> begun;
  {
    const std::lock_guard lock{mutex_};
    if (stopped_) return false;
    begun.swap(posted_);
  }
  for (auto& p : begun) begin(std::move(p));
  return true;
}

void hook_client::begin(posted p) {
  try {
    auto what = std::make_unique<hook_try>(*p.delivery, body_(*p.delivery), trust_.get());
    keep_connections_for(p.delivery->settings);
    auto* transfer = what->transfer();
    if (const auto failed = ::curl_multi_add_handle(transfers_.get(), transfer); failed != CURLM_OK)
      throw std::runtime_error{::curl_multi_strerror(failed)};
    tries_.emplace(transfer, under_way{std::move(what), std::move(p.done)});
  } catch (const std::exception& e) {
    p.done(hook_outcome::failed(e.what()));
  }
}

// libcurl's bound is of all kept connections together.
void hook_client::keep_connections_for(const actors::hook_settings_ptr& settings) {
  if (std::exchange(kept_for_, settings) == settings) return;
  std::set<std::string> receivers;
  for (const auto& url : settings->urls)
    if (!url.empty()) receivers.insert(actors::receiver_of(url));
  const auto bound = settings->max_connections * std::max<std::size_t>(receivers.size(), 1);
  ::curl_multi_setopt(transfers_.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(bound));
}

void hook_client::finish(CURL* transfer, CURLcode end) {
  auto t = tries_.extract(transfer);
  ::curl_multi_remove_handle(transfers_.get(), transfer);
  t.mapped().done(t.mapped().what->outcome(end));
}

void hook_client::answer_all() {
  std::vector<posted> never_begun;
  {
    const std::lock_guard lock{mutex_};
    never_begun.swap(posted_);
  }
  for (auto& [transfer, t] : tries_) {
    ::curl_multi_remove_handle(transfers_.get(), transfer);
    t.done(has_stopped());
  }
  tries_.clear();
  for (auto& p : never_begun) p.done(has_stopped());
}

}  // namespace berth::api
