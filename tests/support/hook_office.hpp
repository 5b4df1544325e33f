// A hook client as tests use it: one delivery, one outcome.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "api/hooks/hook_client.hpp"

namespace berth::tests {

/// Made, asked and destroyed by the test. `done` counts how often the client has called.
class hook_office {
 public:
  using hook_client = api::hook_client;
  using hook_delivery = actors::hook_delivery;
  using hook_outcome = actors::hook_outcome;

  explicit hook_office(hook_client::certificates trust = hook_client::system_trust())
      : client([this](const hook_delivery& d) { return body(d); }, std::move(trust)) {}

  std::shared_ptr<hook_delivery> delivery(const std::string& url) const {
    auto d = std::make_shared<hook_delivery>();
    d->id = 41;
    d->url = url;
    d->settings = std::make_shared<const actors::hook_settings>(settings);
    return d;
  }
  std::future<hook_outcome> post(std::shared_ptr<const hook_delivery> d) {
    auto promise = std::make_shared<std::promise<hook_outcome>>();
    client.post(std::move(d), [promise, this](hook_outcome o) {
      ++done;
      promise->set_value(std::move(o));  // throws at the second time
    });
    return promise->get_future();
  }
  hook_outcome tell(const std::string& url) { return tell(delivery(url)); }
  hook_outcome tell(std::shared_ptr<const hook_delivery> d) {
    auto outcome = post(std::move(d));
    if (outcome.wait_for(std::chrono::seconds{20}) != std::future_status::ready) throw std::logic_error("no outcome");
    return outcome.get();
  }

  actors::hook_settings settings;
  std::function<std::string(const hook_delivery&)> body = [](const hook_delivery&) { return R"({"a":1})"; };
  std::atomic<int> done{0};
  hook_client client;
};

}  // namespace berth::tests
