#include "api/hooks/hook_body.hpp"

#include <boost/json.hpp>

#include "api/hooks/hook_answer.hpp"
#include "tests/support/catch.hpp"

namespace berth::api {
namespace {

namespace json = boost::json;
using actors::hook_delivery;
using actors::hook_name;
using actors::hook_outcome;

hook_body_sources sources() {
  return {[] { return std::string{"node-1"}; },
          [] {
            return std::map<std::string, std::string>{{"api.secret", "top-secret"},
                                                      {"general.mediaServerId", "node-1"},
                                                      {"hook.alive_interval", "10.0"},
                                                      {"hook.secret", "key-of-hooks"}};
          },
          [] {
            return json::object{{"RtpPacket", 7}};
          }};
}

hook_delivery delivery(hook_name name, std::uint64_t id, std::shared_ptr<actors::event> event = nullptr) {
  hook_delivery d;
  d.name = name;
  d.id = id;
  d.event = std::move(event);
  return d;
}

json::object body(const hook_delivery& d) { return json::parse(hook_body(d, sources())).as_object(); }

std::shared_ptr<actors::event> timeout_event() {
  auto s = std::make_shared<actors::stream_status>();
  s->key = {"__defaultVhost__", "rtp", "cam01"};
  s->generation = 12;
  s->mode = actors::tcp_mode::passive;
  s->re_use_port = true;
  s->ssrc_filter = 0xfffffff0;
  s->ssrc = 5;
  s->local = *net::endpoint::parse("127.0.0.1", 31070);
  s->reason = actors::close_reason::nothing_acceptable;
  s->counters.datagrams = 311;
  s->counters.refused[static_cast<std::size_t>(net::refusal::wrong_ssrc)] = 311;
  s->counters.accepted = 3;
  s->counters.accepted_bytes = 3636;
  auto e = std::make_shared<actors::event>();
  e->kind = actors::event_kind::stream_closed;
  e->stream = std::move(s);
  return e;
}

TEST_CASE("on_rtp_server_timeout has the peer's members with their types, and says why") {
  const auto b = body(delivery(hook_name::rtp_server_timeout, 41, timeout_event()));
  CHECK(b.at("local_port") == 31070);
  CHECK(b.at("vhost") == "__defaultVhost__");
  CHECK(b.at("app") == "rtp");
  CHECK(b.at("stream_id") == "cam01");
  CHECK_FALSE(b.contains("stream"));
  CHECK(b.at("tcp_mode") == 1);
  REQUIRE(b.at("re_use_port").is_bool());
  CHECK(b.at("re_use_port").as_bool());
  CHECK(b.at("ssrc") == 0xfffffff0);  // the filter as it is now, not the sender's
  CHECK(b.at("mediaServerId") == "node-1");
  CHECK(b.at("hook_index") == 41);
  CHECK(b.at("reason") == "nothing_acceptable");
  CHECK(
      b.at("reason_text") ==
      "datagrams were received, but none was acceptable; 311 of 311 datagrams refused, most of them: wrong_ssrc (311)");
  CHECK(b.at("generation") == 12);
  CHECK(b.at("packets") == 3);
  CHECK(b.at("bytes") == 3636);
}

TEST_CASE("a stream id that is not UTF-8 still makes valid JSON") {
  auto e = timeout_event();
  auto s = std::make_shared<actors::stream_status>(*e->stream);
  s->key.stream = "a\xff\"b";
  e->stream = s;
  CHECK(body(delivery(hook_name::rtp_server_timeout, 1, e)).at("stream_id") == "a\xef\xbf\xbd\"b");
}

TEST_CASE("on_server_started is the configuration in flat texts, without the secrets") {
  const auto b = body(delivery(hook_name::server_started, 0));
  CHECK(b.at("general.mediaServerId") == "node-1");
  CHECK(b.at("hook.alive_interval") == "10.0");
  CHECK(b.at("mediaServerId") == "node-1");
  CHECK(b.at("hook_index") == 0);
  CHECK_FALSE(b.contains("api.secret"));
  CHECK_FALSE(b.contains("hook.secret"));
  const auto text = hook_body(delivery(hook_name::server_started, 0), sources());
  CHECK(text.find("top-secret") == std::string::npos);
  CHECK(text.find("key-of-hooks") == std::string::npos);
}

TEST_CASE("on_server_keepalive carries the statistic, on_server_exited nothing but the common members") {
  const auto alive = body(delivery(hook_name::server_keepalive, 3));
  CHECK(alive.at("data").as_object().at("RtpPacket") == 7);
  CHECK(alive.size() == 3);
  const auto exited = body(delivery(hook_name::server_exited, 123));
  CHECK(exited == json::object{{"mediaServerId", "node-1"}, {"hook_index", 123}});
}

TEST_CASE("on_alarm says which, whether it is raised, and the figures") {
  auto e = std::make_shared<actors::event>();
  e->kind = actors::event_kind::alarm_raised;
  e->alarm = std::make_shared<actors::alarm_change>(actors::alarm_change{"port_pool_low", "3 of 100 left", 0.03, 0.05});
  auto b = body(delivery(hook_name::alarm, 9, e));
  CHECK(b.at("name") == "port_pool_low");
  CHECK(b.at("raised") == true);
  CHECK(b.at("text") == "3 of 100 left");
  CHECK(b.at("value") == 0.03);
  CHECK(b.at("threshold") == 0.05);
  CHECK(b.at("hook_index") == 9);
  e->kind = actors::event_kind::alarm_cleared;
  b = body(delivery(hook_name::alarm, 10, e));
  CHECK(b.at("raised") == false);
}

TEST_CASE("an answer is HTTP 200 with an integer code, everything else has failed") {
  using what = hook_outcome::result;
  CHECK(hook_answer(200, R"({"code":0,"stream_replace":""})").what == what::delivered);
  const auto bad_name = hook_answer(200, R"({"code":0,"stream_replace":"a\u000ab"})");
  CHECK(bad_name.what == what::refused);
  CHECK(bad_name.text == "stream_replace has the control character U+000A at byte 1");
  CHECK(hook_answer(200, R"({"code":0,"msg":"success"})").what == what::delivered);
  CHECK(hook_answer(200, R"({"code":0,"msg":null,"close":null})").what == what::delivered);
  CHECK(hook_answer(200, R"({"msg":{"a":[1]},"code":0})").what == what::delivered);
  const auto refused = hook_answer(200, R"({"code":-7,"msg":"no such device"})");
  CHECK(refused.what == what::refused);
  CHECK(refused.code == -7);
  CHECK(refused.text == "no such device");
  CHECK(hook_answer(200, R"({"code":18446744073709551615})").what == what::refused);
  CHECK(hook_answer(500, R"({"code":0})").what == what::failed);
  CHECK(hook_answer(500, R"({"code":0})").text == "HTTP status 500");
  CHECK(hook_answer(204, "").what == what::failed);
  for (const auto* text : {"", "ok", "[]", "0", "{}", R"({"code":null})", R"({"code":"0"})", R"({"code":0.5})",
                           R"({"code":false})", R"({"code":0)", R"({"code":0} x)"}) {
    INFO(text);
    CHECK(hook_answer(200, text).what == what::failed);
  }
  CHECK(hook_answer(200, std::string(60000, '[')).what == what::failed);
  // What back ends of other kinds make of it.
  CHECK(hook_answer(200, R"({"code":0.0})").what == what::delivered);
  CHECK(hook_answer(200, R"({"code":-7.0})").code == -7);
  CHECK(hook_answer(200, R"({"code":1e300})").what == what::failed);
  CHECK(hook_answer(200, "\xEF\xBB\xBF{\"code\":0}").what == what::delivered);
  CHECK(hook_answer(200, "{\"code\":0,\"msg\":\"\xB3\xC9\xB9\xA6\"}").what == what::delivered);
  CHECK(hook_answer(200, "{\"code\":-1,\"msg\":\"no \xB3\xC9\"}").text == "no \\xb3\\xc9");
}

TEST_CASE("the signature is HMAC-SHA256, RFC 4231 test case 2") {
  CHECK(hook_signature("Jefe", "what do ya want for nothing?") ==
        "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

}  // namespace
}  // namespace berth::api
