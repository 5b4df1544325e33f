// Work that waits for a disk, a decoder or another server, away from the threads that answer.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <type_traits>
#include <utility>

#include "api/http/http_reply.hpp"

namespace berth::api {

/// Runs `work` on `where`, and goes on with its result where the caller is. What it throws, the caller gets. `work` is
/// named by the caller, not a temporary of the co_await: g++ 12 destroys those twice.
template <class Work>
boost::asio::awaitable<std::invoke_result_t<const Work&>> run_on(boost::asio::thread_pool& where, const Work& work) {
  std::optional<std::invoke_result_t<const Work&>> done;
  const auto run = [&]() -> boost::asio::awaitable<void> {
    done.emplace(work());
    co_return;
  };
  co_await boost::asio::co_spawn(where, run, boost::asio::use_awaitable);
  co_return std::move(*done);
}

/// The same handler, on `where`: for what makes long texts, so that nobody waits behind it but who asked for it.
inline handler aside(boost::asio::thread_pool& where, handler work) {
  return [&where, work = std::move(work)](const http_request& request) -> boost::asio::awaitable<http_reply> {
    auto working = work(request);
    co_return co_await boost::asio::co_spawn(where, std::move(working), boost::asio::use_awaitable);
  };
}

}  // namespace berth::api
