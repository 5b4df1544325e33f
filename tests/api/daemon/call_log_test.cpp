// What stands in the log of those who call.
#include "api/daemon/call_log.hpp"

#include <chrono>
#include <string>
#include <vector>

#include "api/http/json.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/log_reader.hpp"

using namespace berth;
using namespace berth::api;
using namespace std::chrono_literals;

namespace {

constexpr net::time_point begun{100h};

http_request call_of(std::string target) {
  http_request r;
  r.method = "GET";
  r.set_target(std::move(target));
  return r;
}

http_reply by_its_caller() {
  auto reply = zlm_reply();
  reply.admitted = true;
  return reply;
}

std::size_t count(const std::vector<std::string>& lines, std::string_view what) {
  std::size_t n = 0;
  for (const auto& l : lines) n += l.find(what) != std::string::npos ? 1 : 0;
  return n;
}

template <class Use>
std::vector<std::string> lines_of(const std::string& level, Use use) {
  tests::log_reader r;
  {
    logger log{level, false, r.fd()};
    call_log calls{log};
    use(calls);
  }
  r.give_up();
  return r.lines();
}

}  // namespace

TEST_CASE("call_log: the calls of the API are lines, what is asked all the time and viewers are not") {
  const auto call_all = [](call_log& calls) {
    for (const auto* target :
         {"/index/api/openRtpServer?port=0", "/v1/streams", "/v1/health/live", "/metrics", "/rtp/cam.live.flv", "/"})
      calls.note(call_of(target), by_its_caller(), 7us, begun);
  };
  const auto lines = lines_of("info", call_all);
  CHECK(lines.size() == 2);
  CHECK(count(lines, "openRtpServer port=0") == 1);
  CHECK(count(lines, "/v1/streams") == 1);
  CHECK(lines_of("debug", call_all).size() == 6);
  CHECK(lines_of("warn", call_all).empty());
}

TEST_CASE(
    "call_log: of calls that are refused some are lines at once and one a second after that, others are counted") {
  const auto lines = lines_of("info", [](call_log& calls) {
    const auto refused = [&](int how_many, net::time_point now) {
      for (int i = 0; i < how_many; ++i) {
        calls.note(call_of("/index/api/nix?a=" + std::string(3900, 'z')), {}, 7us, now);
      }
    };
    refused(1000, begun);
    refused(1000, begun + 999ms);
    refused(1000, begun + 1s);
    refused(1000, begun + 3s);
    calls.note(call_of("/index/api/version"), by_its_caller(), 7us, begun + 3s);
    calls.report(begun + 3s);
    calls.report(begun + 4s);
    refused(100, begun + 1h);
    calls.report(begun + 1h);
    calls.report(begun + 2h);
  });
  CHECK(count(lines, "/nix a=") == call_log::strangers_at_once + 1 + 2 + call_log::strangers_at_once);
  CHECK(count(lines, "/index/api/version") == 1);
  CHECK(count(lines, std::to_string(4000 - call_log::strangers_at_once - 3) + " more calls of strangers") == 1);
  CHECK(count(lines, std::to_string(100 - call_log::strangers_at_once) + " more calls of strangers") == 1);
  CHECK(count(lines, "more calls of strangers") == 2);
  for (const auto& l : lines) CHECK(l.size() < 700);
}

TEST_CASE("call_log: whatever a stranger sends as a method, a path or a name, his line is short") {
  const auto lines = lines_of("info", [](call_log& calls) {
    std::string many = "/v1/x?";
    for (int i = 0; i < 500; ++i) many += "name" + std::to_string(i) + "=value&";
    for (auto r : {call_of("/v1/" + std::string(4000, '\x01')), call_of("/v1/x?" + std::string(4000, '\x02') + "=1"),
                   call_of("/v1/x?a=" + std::string(4000, '\x03')), call_of(many)}) {
      r.method = std::string(4000, 'M');
      calls.note(std::move(r), {}, 7us, begun);
    }
  });
  REQUIRE(lines.size() == 4);
  for (const auto& l : lines) CHECK(l.size() < 800);
}
