#include "api/recording/snapshot_service.hpp"

#include <algorithm>
#include <atomic>

#include "api/http/run_on.hpp"
#include "net/egress/snapshot.hpp"
#include "net/source/fetched_picture.hpp"

namespace berth::api {

namespace asio = boost::asio;
using picture = net::result<std::vector<std::uint8_t>, std::string>;

namespace {

/// One of those that are there, until it goes.
class visitor {
 public:
  explicit visitor(std::atomic<int>& count) : count_(count), number_(++count) {}
  ~visitor() { --count_; }
  visitor(const visitor&) = delete;
  visitor& operator=(const visitor&) = delete;
  int number() const noexcept { return number_; }

 private:
  std::atomic<int>& count_;
  int number_;
};

/// Where it may wait, unless as many are there as may be.
template <class Make>
asio::awaitable<picture> run(asio::thread_pool& where, std::atomic<int>& there, int most, const Make& make) {
  const visitor self{there};
  if (self.number() > most) co_return net::failure{std::to_string(most) + " pictures are being made already"};
  co_return co_await run_on(where, make);
}

}  // namespace

asio::awaitable<picture> snapshot_service::take(net::fan_out_ptr frames) {
  net::fan_out::position begin;
  const auto batch = frames->read(begin);
  const auto key = std::find_if(batch.frames.begin(), batch.frames.end(), [](const auto& f) { return f->key; });
  if (key == batch.frames.end()) co_return net::failure{std::string{"the stream has no key frame of video at hand"}};
  const auto make = [&] { return net::make_snapshot(**key); };
  co_return co_await run(workers_, waiting_, max_at_once, make);
}

asio::awaitable<picture> snapshot_service::fetch(std::string url, net::duration timeout) {
  const net::source_options what{.url = std::move(url), .timeout = timeout};
  const auto make = [&]() -> picture {
    const auto frame = net::fetch_key_frame(what, admit_, stopped_);
    return frame ? net::make_snapshot(**frame) : picture{net::failure{frame.error()}};
  };
  co_return co_await run(fetchers_, fetching_, max_fetched_at_once, make);
}

snapshot_service::~snapshot_service() {
  stop();
  fetchers_.join();
}

http_reply jpeg_reply(const std::vector<std::uint8_t>& jpeg) {
  http_reply r;
  r.content_type = "image/jpeg";
  r.headers.emplace_back("Cache-Control", "no-store");
  r.body.assign(jpeg.begin(), jpeg.end());
  return r;
}

}  // namespace berth::api
