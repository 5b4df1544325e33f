// What the machine allows: the configuration is held against it, and what does not fit becomes a warning.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "net/io/port_pool.hpp"

namespace berth::api {

/// Limits of the machine and of this process. A value type, an argument of the checks, so that a test can have any
/// machine; what is unknown is not checked.
struct config_environment {
  std::optional<net::port_range> ephemeral_ports;
  std::vector<net::port_range> reserved_ports;  // taken out of the ephemeral ones by the administrator
  std::optional<std::uint64_t> descriptor_limit;
  std::optional<std::uint64_t> rmem_max;
};

config_environment read_config_environment();

/// Of ip_local_port_range: "32768\t60999".
std::optional<net::port_range> parse_ephemeral_ports(std::string_view proc_text);
/// Of ip_local_reserved_ports: "30000-35000,40000", or an empty line.
std::vector<net::port_range> parse_reserved_ports(std::string_view proc_text);

}  // namespace berth::api
