#include "api/text/version.hpp"

namespace berth::api {

std::string version_text() { return BERTH_VERSION; }

}  // namespace berth::api
