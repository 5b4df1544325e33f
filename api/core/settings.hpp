// From configuration keys to the options structs of the modules: the only place that knows both.
#pragma once

#include "actors/contract/messages.hpp"
#include "actors/events/hook.hpp"
#include "api/config/config.hpp"
#include "api/http/http_settings.hpp"

namespace berth::api {

actors::node_settings node_settings_of(const config& c);
http_settings http_settings_of(const config& c);
actors::hook_settings hook_settings_of(const config& c);

}  // namespace berth::api
