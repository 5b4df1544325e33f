// The calls of the API that a load consists of, over one kept connection.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "bench/service.hpp"

namespace berth::bench {

/// One connection to one server. A call gives nothing when the server is not there, or did not answer as it should: the
/// caller counts. Used by one thread; every wait is bounded.
class api_client {
 public:
  explicit api_client(const service_address& to);
  ~api_client();
  api_client(api_client&&) noexcept;

  /// The cheapest route that the server has: what a round trip costs without any work.
  bool empty_route();
  /// The port of the stream. `more`: further arguments, e.g. "&tcp_mode=1".
  std::optional<std::uint16_t> open(const std::string& stream_id, const std::string& more = {});
  /// True if there was such a stream.
  bool close(const std::string& stream_id);
  /// `exist`.
  std::optional<bool> query(const std::string& stream_id);
  bool list();

  /// Sums over all streams, as far as the server tells them.
  struct reception {
    std::uint64_t packets = 0, datagrams = 0, lost = 0, kernel_drops = 0, refused = 0;
  };
  std::optional<reception> received();
  /// Ports at rest and free, from /v1/ports.
  std::optional<boost::json::object> ports();

 private:
  struct connection;

  std::optional<std::string> get(const std::string& target, bool native = false);
  /// The body, if it says code 0. Not parsed: a client's work with an answer is none of the server's latency.
  std::optional<std::string> call(const std::string& name, const std::string& arguments);

  std::unique_ptr<connection> connection_;
  bool has_health_ = false;
};

}  // namespace berth::bench
