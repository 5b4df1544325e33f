#include "api/http/stream_writer.hpp"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>
#include <vector>

#include "api/http/reply_head.hpp"

namespace berth::api {

namespace asio = boost::asio;
using asio::awaitable;

stream_writer::stream_writer(byte_stream& stream, std::chrono::milliseconds write_timeout, bool chunked,
                             std::size_t most_ignored, const asio::any_io_executor& executor)
    : stream_(stream),
      write_timeout_(write_timeout),
      chunked_(chunked),
      most_ignored_(most_ignored),
      watched_(executor) {
  watched_.expires_at(asio::steady_timer::time_point::max());
}

awaitable<bool> stream_writer::write(std::span<const std::string_view> parts) {
  std::size_t size = 0;
  for (const auto part : parts) size += part.size();
  if (!open_ || size == 0) co_return open_;  // an empty chunk would end the body
  const auto head = chunk_head(size);
  std::vector<std::string_view> all;
  all.reserve(parts.size() + 2);
  if (chunked_) all.emplace_back(head);
  for (const auto part : parts) all.push_back(part);
  if (chunked_) all.push_back(chunk_end);
  stream_.expires_after(write_timeout_);
  const auto error = co_await stream_.write(all);
  stream_.expires_never();
  if (error) fail();
  co_return open_;
}

void stream_writer::on_close(std::function<void()> f) {
  on_close_ = std::move(f);
  if (!open_) notify();
}

void stream_writer::end() {
  open_ = false;
  notify();
}

void stream_writer::fail() {
  failed_ = true;
  end();
}

void stream_writer::notify() {
  if (auto f = std::exchange(on_close_, nullptr)) f();
}

awaitable<void> stream_writer::watch() {
  std::array<char, 512> ignored{};
  std::size_t bytes = 0;
  while (bytes < most_ignored_) {
    const auto outcome = co_await stream_.read_some(ignored);
    if (outcome.error) break;
    bytes += outcome.bytes;
  }
  fail();
  watching_ = false;
  watched_.cancel();
}

awaitable<void> stream_writer::watched() {
  if (watching_) co_await watched_.async_wait(asio::as_tuple(asio::use_awaitable));
}

}  // namespace berth::api
