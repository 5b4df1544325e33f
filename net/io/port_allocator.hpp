// Turns "a port, please" into bound sockets, and takes them back: pool, quarantine and sockets under one roof.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/base/figure.hpp"
#include "net/io/port_pool.hpp"
#include "net/io/quarantine.hpp"
#include "net/io/socket_factory.hpp"

namespace berth::net {

struct allocator_options {
  port_range range;
  duration silence = std::chrono::seconds{5};  ///< how long a released port must be silent; 0 = no quarantine
  std::size_t bind_attempts = 8;  ///< pairs of other programs that a request tries again when there are no others
  udp_options udp;
};

struct port_request {
  endpoint local;         ///< bind address; port 0 = from the pool, else exactly this one
  bool with_rtcp = true;  ///< also bind UDP port + 1
  bool with_tcp = false;  ///< also listen on TCP, same number
};

struct allocation {
  bound_ports ports;
  port_past past;                   ///< if it had not rested for long enough
  std::size_t failed_attempts = 0;  ///< pairs that could not be bound before this one
};

/// Figures of the pool and what became of the requests. size = free + leased + resting + set_aside. `failures` counts failed bind attempts by cause, also those
/// after which the next pair worked; requests = granted + refused.
struct allocator_figures {
  port_range range;
  std::size_t size = 0;  ///< pairs in the range
  std::size_t free = 0;
  std::size_t leased = 0;  ///< of streams and senders
  std::size_t resting = 0;
  std::size_t set_aside = 0;  ///< another program was seen to have a port of them
  std::size_t outside = 0;    ///< pairs that do not lie in the range, of streams, senders and rests
  std::uint64_t requests = 0;
  std::uint64_t granted = 0;
  std::uint64_t refused = 0;
  std::uint64_t taken_early = 0;  ///< resting ports re-used before they had been silent for long enough
  std::array<std::uint64_t, errc_count> failures{};
};

inline constexpr auto allocation_figures = [] {
  using c = allocator_figures;
  return std::to_array<figure<c>>(
      {{"requests", figure_kind::total, &c::requests, "Port allocations asked for: the sum of granted and refused.",
        "allocations_total"},
       {"granted", figure_kind::total, &c::granted, "Port allocations that found a port."},
       {"refused", figure_kind::total, &c::refused, "Port allocations that found none."},
       {"taken_early", figure_kind::total, &c::taken_early,
        "Resting ports used again before their silence was long enough.", "ports_taken_early_total"}});
}();
/// Port pairs now.
inline constexpr auto pair_figures = [] {
  using c = allocator_figures;
  return std::to_array<figure<c, std::size_t>>(
      {{"size", figure_kind::level, &c::size, "Port pairs of the configured range."},
       {"free", figure_kind::level, &c::free, "Port pairs that can be given at once.", "free"},
       {"leased", figure_kind::level, &c::leased, "Port pairs of the range that streams and senders have.", "leased"},
       {"resting", figure_kind::level, &c::resting,
        "Port pairs of the range that rest until nobody sends to them any more.", "quarantined"},
       {"set_aside", figure_kind::level, &c::set_aside,
        "Port pairs of the range that another program was seen to have.", "set_aside"},
       {"outside", figure_kind::level, &c::outside, "Port pairs in use or at rest that lie outside the range.",
        "outside"}});
}();

/// Decides which ports are tried; whether one can be had, the kernel says. A failing path leaves nothing behind: sockets
/// are owned by values that close them.
/// Owned by the supervisor and touched only there.
class port_allocator {
 public:
  port_allocator(socket_factory& sockets, allocator_options options, std::uint32_t start = 0);

  result<allocation, error> allocate(const port_request& request, time_point now);

  /// Takes the sockets of an ended stream to rest (or closes them when the quarantine is off).
  void release(bound_ports ports, port_past past, time_point now);

  /// Lets go of ports that have been silent for long enough. Call it a few times a second. True: there may be more of
  /// them, and the caller should come back soon, but not keep others waiting meanwhile.
  bool sweep(time_point now);
  /// Closes everything that rests: the end of the process.
  void clear();

  /// Whether a stream that names no port may be given this one.
  bool is_of_pool(std::uint16_t port) const noexcept;
  void set_options(const allocator_options& options);
  allocator_figures figures() const;
  /// Those above the port `after`, in the order of their numbers, at most `most` of them.
  std::vector<resting_port> resting(std::optional<std::uint16_t> after = std::nullopt,
                                    std::size_t most = SIZE_MAX) const {
    return quarantine_.list(after, most);
  }

 private:
  result<allocation, error> allocate_from_pool(const port_request& request, time_point now);
  result<allocation, error> allocate_exactly(const port_request& request);
  result<bound_ports, error> bind(const port_request& request, const endpoint& local);
  result<unique_fd, error> listener_for(const port_request& request, const endpoint& local);
  static bool fits(const quarantine::entry& rested, const port_request& request) noexcept;
  allocation reuse(quarantine::entry rested, unique_fd listener);
  bool make_room();
  void let_go(quarantine::entry e);
  error fail(error e);
  error whose(error e, std::uint16_t port) const;
  std::string figures_text() const;

  // given
  socket_factory& sockets_;
  allocator_options options_;
  // owned
  port_pool pool_;
  quarantine quarantine_;
  // state
  std::uint64_t requests_ = 0;
  std::uint64_t granted_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t taken_early_ = 0;
  std::array<std::uint64_t, errc_count> failures_{};
};

}  // namespace berth::net
