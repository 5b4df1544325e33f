#include "api/hooks/hook_client.hpp"

#include <fcntl.h>
#include <openssl/hmac.h>

#include <atomic>
#include <filesystem>
#include <future>

#include "tests/support/catch.hpp"
#include "tests/support/hook_office.hpp"
#include "tests/support/hook_receiver.hpp"

namespace berth::api {
namespace {

using namespace std::chrono_literals;
using actors::hook_delivery;
using actors::hook_outcome;
using tests::hook_receiver;
using tests::hook_reply;
using what = hook_outcome::result;
using how = hook_reply::how;
using office = tests::hook_office;

/// How many sockets of this process lead to `port`, and how many of those a child process would inherit.
struct open_sockets {
  int all = 0, inherited = 0;
};
open_sockets sockets_to(std::uint16_t port) {
  open_sockets found;
  for (const auto& entry : std::filesystem::directory_iterator{"/proc/self/fd"}) {
    const int fd = std::stoi(entry.path().filename().string());
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) continue;
    if (peer.sin_family != AF_INET || ntohs(peer.sin_port) != port) continue;
    ++found.all;
    if ((::fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0) ++found.inherited;
  }
  return found;
}

TEST_CASE("a hook is a POST of JSON with the headers that receivers read") {
  hook_receiver receiver;
  office o;
  auto status = std::make_shared<actors::stream_status>();
  status->key.vhost = "v.example";
  auto event = std::make_shared<actors::event>();
  event->stream = status;
  auto d = o.delivery(receiver.url("/index/hook/on_rtp_server_timeout?x=1"));
  d->event = event;
  d->attempt = 2;
  CHECK(o.tell(d).what == what::delivered);

  REQUIRE(receiver.requests().size() == 1);
  const auto r = receiver.requests()[0];
  CHECK(r.whole.method_string() == "POST");
  CHECK(r.target == "/index/hook/on_rtp_server_timeout?x=1");
  CHECK(r.whole["Host"] == "127.0.0.1:" + std::to_string(receiver.port()));
  CHECK(r.whole["Content-Type"] == "application/json");
  CHECK(r.whole["User-Agent"] == "Berth");
  CHECK(r.whole["X-VHOST"] == "v.example");
  CHECK(r.whole["X-Berth-Hook-Id"] == "41");
  CHECK(r.whole["X-Berth-Hook-Attempt"] == "2");
  CHECK(r.whole.find("X-Berth-Signature") == r.whole.end());
  CHECK(r.body == R"({"a":1})");
}

TEST_CASE("a virtual host that is no header value is left out, and there is none without a stream") {
  hook_receiver receiver;
  office o;
  CHECK(o.tell(receiver.url()).what == what::delivered);
  auto status = std::make_shared<actors::stream_status>();
  status->key.vhost = "x\r\nX-Evil: 1";
  auto event = std::make_shared<actors::event>();
  event->stream = status;
  auto d = o.delivery(receiver.url());
  d->event = event;
  CHECK(o.tell(d).what == what::delivered);
  for (const auto& r : receiver.requests()) {
    CHECK(r.whole.find("X-VHOST") == r.whole.end());
    CHECK(r.whole.find("X-Evil") == r.whole.end());
  }
}

TEST_CASE("with a secret the receiver can verify the body") {
  hook_receiver receiver;
  office o;
  o.settings.secret = "key \xe2\x9a\x93";
  o.body = [](const hook_delivery&) { return std::string(5000, 'b'); };
  CHECK(o.tell(receiver.url()).what == what::delivered);
  const auto r = receiver.requests().at(0);
  unsigned char digest[32];
  unsigned size = 0;
  ::HMAC(::EVP_sha256(), o.settings.secret.data(), static_cast<int>(o.settings.secret.size()),
         reinterpret_cast<const unsigned char*>(r.body.data()), r.body.size(), digest, &size);
  std::string expected = "sha256=";
  for (unsigned i = 0; i < size; ++i) {
    char hex[3];
    std::snprintf(hex, sizeof hex, "%02x", digest[i]);
    expected += hex;
  }
  CHECK(size == 32);
  CHECK(r.whole["X-Berth-Signature"] == expected);
}

TEST_CASE("connections are kept and used again, and no more of them than may be") {
  hook_receiver receiver;
  office o;
  for (int i = 0; i < 5; ++i) CHECK(o.tell(receiver.url()).what == what::delivered);
  CHECK(receiver.connections() == 1);

  o.settings.max_connections = 2;
  const auto six_at_once = [&] {
    // None is answered before all have come.
    const auto together = receiver.requests().size() + 6;
    receiver.decide([&receiver, together](const auto&) -> std::optional<hook_reply> {
      receiver.wait_for(together);
      return std::nullopt;
    });
    std::vector<std::future<hook_outcome>> outcomes;
    for (int i = 0; i < 6; ++i) outcomes.push_back(o.post(o.delivery(receiver.url())));
    for (auto& f : outcomes) CHECK(f.get().what == what::delivered);
  };
  six_at_once();
  CHECK(receiver.connections() == 1 + 5);
  six_at_once();
  CHECK(receiver.connections() == 1 + 5 + 4);
  CHECK(receiver.requests().size() == 5 + 6 + 6);
}

TEST_CASE("a kept connection that was closed meanwhile costs no failure") {
  hook_receiver receiver;
  office o;
  receiver.next({how::then_close});
  CHECK(o.tell(receiver.url()).what == what::delivered);
  CHECK(o.tell(receiver.url()).what == what::delivered);
  CHECK(receiver.connections() == 2);
  CHECK(receiver.requests().size() == 2);
}

TEST_CASE("a kept connection that is reset by the request is replaced once within the try") {
  hook_receiver receiver;
  office o;
  CHECK(o.tell(receiver.url()).what == what::delivered);
  receiver.next({how::reset});
  CHECK(o.tell(receiver.url()).what == what::delivered);
  CHECK(receiver.requests().size() == 3);  // the second one came twice, with the same id
  receiver.always({how::reset});
  CHECK(o.tell(receiver.url()).what == what::failed);
  CHECK(receiver.requests().size() == 5);  // not more than once
}

TEST_CASE("a first connection that is reset is a failure") {
  hook_receiver receiver;
  office o;
  receiver.always({how::reset});
  const auto outcome = o.tell(receiver.url());
  CHECK(outcome.what == what::failed);
  CHECK(outcome.text.find("waiting for the answer") != std::string::npos);
  CHECK(receiver.requests().size() == 1);
}

TEST_CASE("half an answer on a kept connection is a failure, not a reason to say it twice") {
  hook_receiver receiver;
  office o;
  CHECK(o.tell(receiver.url()).what == what::delivered);
  receiver.next({how::raw, 200, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"code\""});
  CHECK(o.tell(receiver.url()).what == what::failed);
  CHECK(receiver.requests().size() == 2);
}

TEST_CASE("garbage, errors and refusals are told apart") {
  hook_receiver receiver;
  office o;
  receiver.next({how::raw, 200, "this is not HTTP\r\n\r\n"});
  CHECK(o.tell(receiver.url()).what == what::failed);
  receiver.next({how::answer, 500, R"({"code":0})"});
  CHECK(o.tell(receiver.url()).text == "HTTP status 500");
  receiver.next({how::answer, 200, "<html>"});
  CHECK(o.tell(receiver.url()).what == what::failed);
  receiver.next({how::answer, 200, R"({"code":-1,"msg":"no"})"});
  const auto refused = o.tell(receiver.url());
  CHECK(refused.what == what::refused);
  CHECK(refused.text == "no");
}

TEST_CASE("a redirection is an answer like any other, and no proxy is asked") {
  hook_receiver receiver, elsewhere;
  ::setenv("http_proxy", elsewhere.url("").c_str(), 1);
  office o;
  receiver.next(
      {how::raw, 200, "HTTP/1.1 302 Found\r\nLocation: " + elsewhere.url() + "\r\nContent-Length: 0\r\n\r\n"});
  CHECK(o.tell(receiver.url()).text == "HTTP status 302");
  CHECK(o.tell(receiver.url()).what == what::delivered);
  ::unsetenv("http_proxy");
  CHECK(receiver.requests().size() == 2);
  CHECK(elsewhere.connections() == 0);
}

TEST_CASE("an answer longer than 64 KB is not read") {
  hook_receiver receiver;
  office o;
  const std::string fits = R"({"code":0,"msg":")" + std::string(60 * 1024, 'x') + "\"}";
  receiver.next({how::answer, 200, fits});
  CHECK(o.tell(receiver.url()).what == what::delivered);
  receiver.next({how::answer, 200, std::string(65 * 1024, ' ') + R"({"code":0})"});
  const auto outcome = o.tell(receiver.url());
  CHECK(outcome.what == what::failed);
  CHECK(outcome.text == "the answer is longer than 65536 bytes (127.0.0.1:" + std::to_string(receiver.port()) + ")");
  std::string headers = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 70; ++i) headers += "X-" + std::to_string(i) + ": " + std::string(1000, 'x') + "\r\n";
  receiver.next({how::raw, 200, headers + "Content-Length: 10\r\n\r\n{\"code\":0}"});
  CHECK(o.tell(receiver.url()).text == outcome.text);
}

TEST_CASE("a receiver that hangs is given up after the timeout, and its connection is closed") {
  hook_receiver receiver;
  office o;
  receiver.next({how::hang});
  o.settings.timeout = 100ms;
  const auto outcome = o.tell(receiver.url());
  CHECK(outcome.what == what::failed);
  CHECK(outcome.text.find("no answer within 0.1") == 0);
  CHECK(outcome.text.find("while waiting for the answer") != std::string::npos);
  o.settings.timeout = 10s;
  CHECK(o.tell(receiver.url()).what == what::delivered);
  CHECK(receiver.connections() == 2);  // the answer to the first one could still come on its connection
}

TEST_CASE("one that hangs does not hold up another") {
  hook_receiver hanging, working;
  office o;
  hanging.always({how::hang});
  auto stuck = o.post(o.delivery(hanging.url()));
  REQUIRE(hanging.wait_for(1));
  CHECK(o.tell(working.url()).what == what::delivered);
  CHECK(stuck.wait_for(0s) == std::future_status::timeout);
}

TEST_CASE("nobody listens: the try fails and says so") {
  std::uint16_t port = 0;
  {
    hook_receiver gone;
    port = gone.port();
  }
  office o;
  const auto outcome = o.tell("http://127.0.0.1:" + std::to_string(port) + "/");
  CHECK(outcome.what == what::failed);
  CHECK(outcome.text == "connecting: Connection refused (127.0.0.1:" + std::to_string(port) + ")");
}

TEST_CASE("names are resolved") {
  hook_receiver receiver;
  office o;
  CHECK(o.tell("http://localhost:" + std::to_string(receiver.port()) + "/x").what == what::delivered);
  CHECK(receiver.requests().at(0).whole["Host"] == "localhost:" + std::to_string(receiver.port()));
}

TEST_CASE("what is no URL of ours fails without a connection, as does a body that can not be made") {
  hook_receiver receiver;
  office o;
  for (const auto* url : {"", "ftp://127.0.0.1/", "127.0.0.1:80", "http://", "http:// space/"}) {
    INFO(url);
    CHECK(o.tell(url).what == what::failed);
  }
  o.body = [](const hook_delivery&) -> std::string { throw std::runtime_error("no figures"); };
  const auto outcome = o.tell(receiver.url());
  CHECK(outcome.what == what::failed);
  CHECK(outcome.text == "no figures");
  CHECK(receiver.connections() == 0);
}

TEST_CASE("stop answers each outstanding delivery once, and every later one at once") {
  hook_receiver receiver;
  office o;
  receiver.always({how::hang});
  std::vector<std::future<hook_outcome>> outcomes;
  for (int i = 0; i < 5; ++i) outcomes.push_back(o.post(o.delivery(receiver.url())));
  REQUIRE(receiver.wait_for(5));
  o.client.stop();
  CHECK(o.done == 5);
  for (auto& f : outcomes) CHECK(f.get().what == what::failed);
  o.client.stop();
  CHECK(o.tell(receiver.url()).what == what::failed);
  CHECK(o.done == 6);
}

TEST_CASE("whoever posts while the client goes away is answered, each once") {
  constexpr int threads = 4, each = 200;
  hook_receiver receiver;
  receiver.always({how::hang});
  std::atomic<int> done{0};
  std::vector<std::thread> posting;
  std::atomic<int> begun{0};
  auto d = std::make_shared<hook_delivery>();
  d->url = receiver.url();
  d->settings = std::make_shared<const actors::hook_settings>();
  hook_client client{[](const hook_delivery&) { return std::string{}; }};
  for (int t = 0; t < threads; ++t)
    posting.emplace_back([&] {
      for (int i = 0; i < each; ++i) {
        client.post(d, [&](const hook_outcome&) { ++done; });
        ++begun;
      }
    });
  while (begun < each) std::this_thread::yield();
  client.stop();
  const int answered = done;
  CHECK(answered > 0);
  for (auto& t : posting) t.join();
  CHECK(done == threads * each);
}

TEST_CASE("a client that goes away answers what it was given, though it may not have begun with it") {
  int done = 0;
  {
    hook_client client{[](const hook_delivery&) { return std::string{}; }};
    auto d = std::make_shared<hook_delivery>();
    d->url = "http://127.0.0.1:1/";
    d->settings = std::make_shared<const actors::hook_settings>();
    for (int i = 0; i < 20; ++i) client.post(d, [&](const hook_outcome&) { ++done; });
  }
  CHECK(done == 20);
}

TEST_CASE("a process that is started inherits no connection") {
  hook_receiver receiver;
  office o;
  CHECK(o.tell(receiver.url()).what == what::delivered);
  receiver.always({how::hang});
  const auto stuck = o.post(o.delivery(receiver.url()));
  const auto another = o.post(o.delivery(receiver.url()));
  REQUIRE(receiver.wait_for(3));
  const auto found = sockets_to(receiver.port());
  CHECK(found.all == 2);  // the kept one is in use
  CHECK(found.inherited == 0);
}

}  // namespace
}  // namespace berth::api
