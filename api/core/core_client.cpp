#include "api/core/core_client.hpp"

#include <algorithm>
#include <iterator>
#include <vector>

namespace berth::api {

actors::rejection core_client::lost(const caf::error& why) const {
  if (why == caf::sec::request_timeout) return {actors::errc::no_answer, std::string{did_not_answer}, {}};
  return {actors::errc::shutting_down, "the core is gone: " + asker_->home_system().render(why), {}};
}

core_client::reply<actors::list_request> core_client::list(actors::list_request wanted) const {
  actors::stream_list all;
  const auto limit = wanted.limit;
  for (;;) {
    auto part = wanted;
    part.limit = limit - all.streams.size();
    auto got = co_await ask(std::move(part));
    if (!got) co_return net::failure{got.error()};
    std::move(got->streams.begin(), got->streams.end(), std::back_inserter(all.streams));
    all.next = wanted.after = std::move(got->next);
    if (!all.next || all.streams.size() >= limit) co_return all;
  }
}

core_client::reply<actors::ports_request> core_client::ports() const {
  std::vector<net::resting_port> all;
  actors::ports_request wanted;
  for (;;) {
    auto got = co_await ask(actors::ports_request{wanted});
    if (!got) co_return net::failure{got.error()};
    std::move(got->resting.begin(), got->resting.end(), std::back_inserter(all));
    wanted.after = got->next;
    if (wanted.after) continue;
    got->resting = std::move(all);
    co_return got;
  }
}

void core_client::tell(actors::event e) const {
  e.at = net::wall_clock::now();
  caf::anon_send(events_, std::move(e));
}

}  // namespace berth::api
