// Which Berth this is.
#pragma once

#include <string>

namespace berth::api {

std::string version_text();

}  // namespace berth::api
