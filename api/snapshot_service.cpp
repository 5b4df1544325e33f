#include "api/snapshot_service.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>

#include "net/snapshot.hpp"

namespace berth::api {

namespace asio = boost::asio;
using picture = net::result<std::vector<std::uint8_t>, std::string>;

asio::awaitable<picture> snapshot_service::take(actors::stream_status stream) {
  if (!stream.media || !stream.watchable) co_return net::failure{std::string{"the stream has no picture yet"}};
  net::fan_out::position begin;
  const auto batch = stream.media->frames.read(begin);
  const auto key = std::find_if(batch.frames.begin(), batch.frames.end(), [](const auto& f) { return f->key; });
  if (key == batch.frames.end()) co_return net::failure{std::string{"the stream has no key frame of video at hand"}};
  if (++waiting_ > max_at_once) {
    --waiting_;
    co_return net::failure{std::to_string(max_at_once) + " pictures are being made already"};
  }
  std::optional<picture> made;
  const auto make = [&]() -> asio::awaitable<void> {
    made.emplace(net::make_snapshot(**key));
    co_return;
  };
  co_await asio::co_spawn(workers_, make, asio::use_awaitable);
  --waiting_;
  co_return std::move(*made);
}

http_reply jpeg_reply(const std::vector<std::uint8_t>& jpeg) {
  http_reply r;
  r.content_type = "image/jpeg";
  r.headers.emplace_back("Cache-Control", "no-store");
  r.body.assign(jpeg.begin(), jpeg.end());
  return r;
}

}  // namespace berth::api
