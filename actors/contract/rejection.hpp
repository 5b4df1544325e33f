// How the core says no.
#pragma once

#include <memory>
#include <string>

#include "actors/contract/error.hpp"
#include "actors/contract/stream_status.hpp"
#include "net/base/result.hpp"

namespace berth::actors {

/// A request that was refused. `live` is the stream that stands in the way, if that is the reason.
struct rejection {
  errc code = errc::internal;
  std::string text;
  stream_status_ptr live;
};
template <class T>
using outcome = net::result<T, rejection>;

inline net::failure<rejection> reject(errc code, std::string text) { return {rejection{code, std::move(text), {}}}; }

inline net::failure<rejection> no_such_stream(const stream_key& key) {
  return reject(errc::not_found, "no stream " + to_string(key) + " is open");
}

}  // namespace berth::actors
