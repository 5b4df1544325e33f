// Hostile bytes on an RTSP connection, and hostile URLs: what is taken leaves the front, and nothing is taken twice.
#include <cstddef>
#include <cstdint>
#include <string>

#include "api/text/url.hpp"
#include "api/viewers/rtsp_message.hpp"
#include "tests/fuzz/require.hpp"

using namespace berth::api;

namespace {

void check_parts(const rtsp_request& r) {
  if (const auto t = parse_rtsp_url(r.url)) require(!t->app.empty() && !t->stream.empty());
  if (const auto t = parse_rtsp_transport(r.header("Transport"))) require(t->tcp || t->rtp_port != 0);
  if (const auto u = split_url(r.url)) {
    require(!u->scheme.empty() && !u->host.empty() && u->port.size() <= 5);
    require(u->rest.starts_with(u->path) && u->path.size() + u->query.size() <= u->rest.size());
    // The parts are all of it.
    const auto bracketed = r.url.find('[') != std::string::npos ? 2U : 0U;
    require(u->scheme.size() + 3 + u->user.size() + u->host.size() + u->rest.size() + u->port.size() <= r.url.size());
    require(u->scheme.size() + 3 + u->user.size() + u->host.size() + u->rest.size() + u->port.size() + 1 + bracketed >=
            r.url.size());
  }
  const auto reply = rtsp_reply(r, 200, {{"Session", "1"}}, "body");
  require(reply.ends_with("\r\n\r\nbody"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  for (;;) {
    const auto before = bytes.size();
    rtsp_request r;
    const auto what = take_rtsp(bytes, r);
    require(bytes.size() <= before);
    if (what == rtsp_input::incomplete || what == rtsp_input::broken) return 0;
    require(bytes.size() < before);
    if (what == rtsp_input::request) check_parts(r);
  }
}
