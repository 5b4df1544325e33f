// The native face: streams, ports and health as resources.
#include <set>

#include "tests/e2e/node.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/ps_camera.hpp"

using namespace berth::tests;

namespace {

// RFC 9457 3.1: what every refusal carries.
object problem_of(const http_answer& a, int status) {
  CHECK(a.status == status);
  CHECK(a.header("Content-Type").starts_with("application/problem+json"));
  auto o = a.json().as_object();
  CHECK(number(o, "status") == status);
  CHECK_FALSE(text(o, "title").empty());
  CHECK_FALSE(text(o, "detail").empty());
  return o;
}

std::string ids(const object& page) {
  std::string all;
  for (const auto& s : page.at("streams").as_array()) all += std::string{s.at("stream_id").as_string()} + " ";
  return all;
}

}  // namespace

TEST_CASE("PUT makes a stream with 201 and its generation as ETag, the same PUT again is 200 with the same one") {
  node n;
  const object wanted{
      {"port", 0},         {"tcp_mode", 1},         {"ssrc", 77}, {"only_track", 2}, {"local_ip", "127.0.0.1"},
      {"timeout_sec", 33}, {"source_policy", "any"}};
  const auto made = n.v1.put("/v1/streams/cam", wanted);
  CHECK(made.status == 201);
  CHECK(made.header("Location") == "/v1/streams/cam");
  const auto o = made.json().as_object();
  CHECK(made.header("ETag") == "\"" + std::to_string(number(o, "generation")) + "\"");
  CHECK(text(o, "vhost") == "__defaultVhost__");
  CHECK(text(o, "app") == "rtp");
  CHECK(text(o, "stream_id") == "cam");
  CHECK(text(o, "state") == "listening");
  CHECK(number(o, "tcp_mode") == 1);
  CHECK(number(o, "ssrc") == 77);
  CHECK(number(o, "idle_timeout_sec") == 33);
  CHECK(text(o, "local_ip") == "127.0.0.1");
  CHECK(udp_port_bound(static_cast<std::uint16_t>(number(o, "port"))));

  const auto again = n.v1.put("/v1/streams/cam", wanted);
  CHECK(again.status == 200);
  CHECK(again.header("ETag") == made.header("ETag"));
  CHECK(number(again.json().as_object(), "port") == number(o, "port"));
  // Both faces show the same stream.
  CHECK(number(*n.item("cam"), "port") == number(o, "port"));
}

TEST_CASE("PUT of a live stream is 409 with the stream, reuse is 200, replace is 201") {
  node n;
  const auto made = n.v1.put("/v1/streams/cam").json().as_object();
  const auto port = static_cast<std::uint16_t>(number(made, "port"));
  rtp_sender camera;
  camera.send(port);
  REQUIRE(n.reaches("cam", "packets", 1));
  const auto conflict = problem_of(n.v1.put("/v1/streams/cam"), 409);
  CHECK(number(conflict.at("stream").as_object(), "port") == port);
  CHECK(text(conflict.at("stream").as_object(), "state") == "active");
  const auto reused = n.v1.put("/v1/streams/cam", object{{"on_conflict", "reuse"}});
  CHECK(reused.status == 200);
  CHECK(number(reused.json().as_object(), "port") == port);
  const auto replaced = n.v1.put("/v1/streams/cam", object{{"on_conflict", "replace"}});
  CHECK(replaced.status == 201);
  CHECK(number(replaced.json().as_object(), "generation") > number(made, "generation"));
}

TEST_CASE("GET shows a stream with its counters, 404 is a problem, ids are percent-encoded, apps are a query") {
  node n;
  problem_of(n.v1.get("/v1/streams/cam"), 404);
  REQUIRE(n.v1.put("/v1/streams/a%2Fb%20c?app=live").status == 201);
  const auto got = n.v1.get("/v1/streams/a%2Fb%20c?app=live");
  CHECK(got.status == 200);
  CHECK_FALSE(got.header("ETag").empty());
  const auto o = got.json().as_object();
  CHECK(text(o, "stream_id") == "a/b c");
  CHECK(text(o, "app") == "live");
  for (const auto* name :
       {"packets", "bytes", "datagrams", "lost", "reordered", "kernel_drops", "jitter_us", "ssrc_seen", "payload_type"})
    CHECK(number(o, name) == 0);
  CHECK(text(o, "last_reason").empty());
  CHECK(text(o, "peer").empty());
  CHECK(adds_up(o));
  CHECK(o.at("refused").as_object().size() == 10);
  problem_of(n.v1.get("/v1/streams/a%2Fb%20c"), 404);
}

TEST_CASE("DELETE closes with 204, then 404, If-Match closes only the generation that was meant, else 412") {
  node n;
  const auto first = n.v1.put("/v1/streams/cam");
  REQUIRE(n.v1.del("/v1/streams/cam").status == 204);
  problem_of(n.v1.del("/v1/streams/cam"), 404);
  const auto second = n.v1.put("/v1/streams/cam");
  REQUIRE(second.status == 201);
  REQUIRE(second.header("ETag") != first.header("ETag"));
  // The late DELETE of somebody who means the former life of the stream.
  const auto differs = problem_of(n.v1.del("/v1/streams/cam", first.header("ETag")), 412);
  CHECK(number(differs.at("stream").as_object(), "generation") == number(second.json().as_object(), "generation"));
  CHECK(n.v1.get("/v1/streams/cam").status == 200);
  problem_of(n.v1.del("/v1/streams/cam", "cam"), 400);
  CHECK(n.v1.del("/v1/streams/cam", second.header("ETag")).status == 204);
  CHECK(n.v1.get("/v1/streams/cam").status == 404);
  CHECK(n.v1.client().connections() == 1);
}

TEST_CASE("bad parameters are 400 and name the field") {
  node n;
  for (const auto& [name, value] : std::vector<std::pair<std::string, boost::json::value>>{{"port", 70000},
                                                                                           {"ssrc", "many"},
                                                                                           {"tcp_mode", "x"},
                                                                                           {"on_conflict", "maybe"},
                                                                                           {"source_policy", "none"},
                                                                                           {"timeout_sec", -1}}) {
    INFO(name);
    const auto o = problem_of(n.v1.put("/v1/streams/cam", object{{name, value}}), 400);
    CHECK(text(o, "detail").find(name) != std::string::npos);
  }
  problem_of(n.v1.get("/v1/streams?state=sleeping"), 400);
  problem_of(n.v1.get("/v1/streams?limit=0"), 400);
  problem_of(n.v1.get("/v1/streams?cursor=junk"), 400);
  CHECK(n.v1.client().connections() == 1);
}

TEST_CASE("the list is filtered by state, app and prefix") {
  node n;
  for (const auto* id : {"a1", "a2", "b1"}) n.port_of(id);
  n.port_of("a3", {{"app", "live"}});
  rtp_sender camera;
  camera.send(static_cast<std::uint16_t>(number(*n.item("a2"), "port")));
  REQUIRE(n.reaches("a2", "packets", 1));
  const auto listed = [&](const std::string& query) { return ids(n.v1.get("/v1/streams" + query).json().as_object()); };
  CHECK(listed("?app=rtp") == "a1 a2 b1 ");
  CHECK(listed("?app=live") == "a3 ");
  CHECK(listed("?app=none").empty());
  CHECK(listed("?app=rtp&prefix=a") == "a1 a2 ");
  CHECK(listed("?state=active") == "a2 ");
  CHECK(listed("?app=rtp&state=listening") == "a1 b1 ");
  CHECK(listed("?state=stalled").empty());
}

TEST_CASE("the list is paged by a cursor, which stays good while streams come and go") {
  node n;
  for (int i = 10; i < 35; ++i) n.port_of("cam/" + std::to_string(i));
  std::vector<std::string> seen;
  std::string cursor;
  int pages = 0;
  do {
    const auto page = n.v1.get("/v1/streams?limit=10" + (cursor.empty() ? "" : "&cursor=" + percent_encode(cursor)))
                          .json()
                          .as_object();
    CHECK(page.at("streams").as_array().size() <= 10);
    for (const auto& s : page.at("streams").as_array()) seen.emplace_back(s.at("stream_id").as_string());
    cursor = page.contains("next") ? text(page, "next") : std::string{};
    // The stream that the cursor names is gone, and one before it is new: neither disturbs.
    if (++pages == 1) {
      n.close(seen.back());
      n.port_of("cam/00");
    }
  } while (!cursor.empty());
  CHECK(pages == 3);
  CHECK(seen.size() == 25);
  CHECK(std::set<std::string>(seen.begin(), seen.end()).size() == 25);
}

TEST_CASE("/v1/ports adds up: size = free + leased + resting") {
  node n{{}, 32};
  const auto sum = [&] {
    const auto o = n.v1.ports();
    CHECK(text(o, "range") == n.daemon.ports().text());
    CHECK(number(o, "size") == 32);
    CHECK(number(o, "free") + number(o, "leased") + static_cast<std::int64_t>(o.at("resting").as_array().size()) == 32);
    return number(o, "leased");
  };
  CHECK(sum() == 0);
  for (int i = 0; i < 5; ++i) n.port_of("cam" + std::to_string(i));
  CHECK(sum() == 5);
  n.close("cam0");
  CHECK(sum() == 4);
}

TEST_CASE("health is for everybody, everything else asks for the bearer token") {
  node n;
  http_client stranger{n.daemon.http_port()};
  CHECK(stranger.get("/v1/health/live").status == 200);
  CHECK(stranger.get("/v1/health/ready").status == 200);
  for (const auto* path : {"/v1/streams", "/v1/streams/cam", "/v1/ports"}) {
    INFO(path);
    const auto missing = stranger.get(path);
    problem_of(missing, 401);
    CHECK(missing.header("WWW-Authenticate").starts_with("Bearer"));
    problem_of(stranger.get(path, {{"Authorization", "Bearer wrong"}}), 401);
    problem_of(stranger.get(path, {{"Authorization", n.daemon.secret()}}), 401);
    // A secret in the query would end up in logs.
    problem_of(stranger.get(std::string{path} + "?secret=" + n.daemon.secret()), 401);
  }
  problem_of(stranger.put("/v1/streams/cam", object{}), 401);
  problem_of(stranger.del("/v1/streams/cam"), 401);
  CHECK_FALSE(n.listed("cam"));
  CHECK(stranger.connections() == 1);
}

TEST_CASE("unknown resources are 404, methods that a resource does not know are 405, both as problems") {
  node n;
  problem_of(n.v1.get("/v1/nothing"), 404);
  const auto answer =
      n.v1.client().request("POST", "/v1/ports", "", {{"Authorization", "Bearer " + n.daemon.secret()}});
  problem_of(answer, 405);
  CHECK(answer.header("Allow").find("GET") != std::string::npos);
}

TEST_CASE("/metrics counts streams, datagrams and refusals of the node") {
  node n;
  const auto port = n.port_of("cam", {{"ssrc", "7"}});
  rtp_sender camera{7};
  camera.send(port, 5);
  camera.source().set_ssrc(8);
  camera.send(port, 2);
  REQUIRE(n.reaches("cam", "datagrams", 7));
  const auto metrics = http_client{n.daemon.http_port()}.get("/metrics");
  CHECK(metrics.status == 200);
  CHECK(metrics.header("Content-Type").starts_with("text/plain"));
  CHECK(metrics.body.find("berth_") != std::string::npos);
  CHECK(metrics.body.find("wrong_ssrc") != std::string::npos);
}

TEST_CASE("a stream is sent on, listed and ended as a resource, to another node and to whoever comes") {
  node n, upper;
  ps_camera camera{n.port_of("cam")};
  REQUIRE(eventually(soon, [&] { return n.v1.get("/v1/streams/cam/snapshot").status == 200; }));
  const auto to = upper.port_of("copy");
  const auto senders = std::string{"/v1/streams/cam/senders"};
  const auto post = [&](const object& body) { return n.v1.post(senders, body); };
  const auto made = post({{"way", "udp"}, {"ssrc", "7"}, {"dst", "127.0.0.1"}, {"dst_port", to}});
  REQUIRE(made.status == 201);
  CHECK(number(made.json().as_object(), "local_port") > 0);
  REQUIRE(eventually(soon, [&] { return upper.v1.get("/v1/streams/copy/snapshot").status == 200; }));
  CHECK(post({{"way", "tcp_passive"}, {"ssrc", "8"}}).status == 201);
  const auto listed = n.v1.get(senders).json().as_object().at("senders").as_array();
  REQUIRE(listed.size() == 2);
  CHECK(text(listed[0].as_object(), "way") == "udp");
  CHECK(number(listed[0].as_object(), "packets") > 0);

  problem_of(post({{"way", "pigeon"}, {"ssrc", "9"}}), 400);
  problem_of(post({{"way", "udp"}, {"ssrc", "9"}, {"dst", "127.0.0.1"}}), 400);
  problem_of(n.v1.get("/v1/streams/absent/senders"), 404);
  CHECK(n.v1.del(senders + "?ssrc=8").status == 204);
  problem_of(n.v1.del(senders + "?ssrc=8"), 404);
  CHECK(n.v1.del(senders).status == 204);
  CHECK(n.v1.get(senders).json().as_object().at("senders").as_array().empty());
}

TEST_CASE("PUT with a url makes a stream that the node fetches, or is 502 with the reason") {
  node other, n;
  ps_camera camera{other.port_of("cam")};
  REQUIRE(eventually(soon, [&] { return other.v1.get("/v1/streams/cam/snapshot").status == 200; }));
  const object wanted{{"url", other.daemon.url() + "/rtp/cam.live.flv"}};
  const auto made = n.v1.put("/v1/streams/copy?app=live", wanted);
  REQUIRE(made.status == 201);
  CHECK(text(made.json().as_object(), "originTypeStr") == "pull");
  REQUIRE(eventually(soon, [&] { return n.v1.get("/v1/streams/copy/snapshot?app=live").status == 200; }));
  problem_of(n.v1.put("/v1/streams/copy?app=live", wanted), 409);
  CHECK(n.v1.del("/v1/streams/copy?app=live").status == 204);
  problem_of(n.v1.put("/v1/streams/x", {{"url", "http://127.0.0.1:1/x.flv"}}), 502);
  problem_of(n.v1.put("/v1/streams/x", {{"url", "file:///etc/passwd"}}), 400);
  problem_of(n.v1.get("/v1/streams/x"), 404);
}
