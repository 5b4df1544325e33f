// What the node may open for a client: schemes and addresses that the operator allows.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/config/config.hpp"
#include "net/source/media_source.hpp"

namespace berth::api {

/// All addresses of a host; may wait.
using name_lookup = std::function<std::vector<net::endpoint>(const std::string& host)>;
std::vector<net::endpoint> look_up(const std::string& host);

/// By pull.schemes, pull.allow_ip_range and pull.deny_ip_range as they are at that moment. The URL that is admitted has
/// the address that was looked at in place of the name, so that another look-up can not lead elsewhere; where a
/// certificate belongs to the name (https, rtsps, rtmps) the name stays. Any thread may call it; it waits for the
/// look-up.
net::url_policy make_pull_policy(std::function<std::shared_ptr<const config>()> settings, name_lookup lookup = look_up);

}  // namespace berth::api
