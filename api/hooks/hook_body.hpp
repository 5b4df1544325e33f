// What web hooks say: the JSON bodies that receivers of ZLMediaKit's hooks read, and what Berth adds.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <map>
#include <string>

#include "actors/events/hook.hpp"

namespace berth::api {

/// Where bodies get what their event does not hold. Called on the hook client's thread, at every try: they must not
/// wait.
struct hook_body_sources {
  std::function<std::string()> media_server_id;
  std::function<std::map<std::string, std::string>()> configuration;  ///< "section.key" -> text, for on_server_started
  std::function<boost::json::object()> statistic;                     ///< `data` of on_server_keepalive
};

/// The body of a delivery. It never holds a secret of the configuration.
std::string hook_body(const actors::hook_delivery& delivery, const hook_body_sources& sources);

}  // namespace berth::api
