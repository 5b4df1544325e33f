// The server under test: one that runs already, or a berthd of our own, started for one measurement.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/base/endpoint.hpp"

namespace berth::bench {

/// Where a server is, and which process it is, if that is known.
struct service_address {
  net::endpoint http;
  std::string secret;
  pid_t pid = 0;  ///< 0 = unknown: then its use of the machine is not measured
  std::string name;

  /// Parses "http://127.0.0.1:8080"; throws unless it is such a URL, or, without `any_host`, if the address is not on this
  /// machine's loopback.
  static net::endpoint parse_url(const std::string& url, bool any_host);
};

/// A berthd on 127.0.0.1 with free ports and a state directory of its own. It ends with this object, or with its parent;
/// the destructor waits for it.
class launched_service {
 public:
  struct options {
    std::filesystem::path program;      ///< of berthd
    std::vector<std::string> settings;  ///< "section.key=value"
    int processor = -1;                 ///< that all its threads are bound to; -1 = none
  };

  explicit launched_service(const options& o);
  ~launched_service();
  launched_service(const launched_service&) = delete;
  launched_service& operator=(const launched_service&) = delete;

  const service_address& address() const noexcept { return address_; }

 private:
  std::filesystem::path directory_;
  service_address address_;
};

}  // namespace berth::bench
