// What clients may have opened: every way to write a URL, and every way around the rules.
#include "api/config/pull_policy.hpp"

#include <map>

#include "api/text/url.hpp"
#include "tests/support/catch.hpp"

using namespace berth;
using namespace berth::api;

namespace {

std::string taken_apart(std::string_view url) {
  const auto u = split_url(url);
  if (!u) return "refused: " + u.error();
  std::string text;
  for (const auto part : {u->scheme, u->user, u->host, u->port, u->rest}) text.append(part) += '|';
  return text;
}

struct policy {
  std::map<std::string, std::string> settings;
  std::map<std::string, std::vector<std::string>> names;
  int lookups = 0;

  net::result<net::admitted_url, std::string> operator()(const std::string& url) {
    config_layers layers;
    for (const auto& [key, text] : settings) layers.command_line.entries.push_back({key, text, "test"});
    const auto c = std::make_shared<const config>(*config::build(layers));
    return make_pull_policy([&] { return c; },
                            [this](const std::string& host) {
                              ++lookups;
                              std::vector<net::endpoint> found;
                              for (const auto& a : names[host]) found.push_back(*net::endpoint::parse(a, 0));
                              return found;
                            })(url);
  }
  std::string opens(const std::string& url) {
    const auto r = (*this)(url);
    return r ? r->url : "refused: " + r.error();
  }
};

}  // namespace

TEST_CASE("pull_policy: URLs are taken apart as FFmpeg does it") {
  CHECK(taken_apart("rtsp://admin:p@ss@[2001:db8::1]:554/Streaming/1?a=b@c#d") ==
        "rtsp|admin:p@ss@|2001:db8::1|554|/Streaming/1?a=b@c#d|");
  CHECK(taken_apart("http://host") == "http||host|||");
  CHECK(taken_apart("http://host?x=@y") == "http||host||?x=@y|");
  CHECK(taken_apart("http://host#@other/") == "http||host||#@other/|");
  for (const auto* bad :
       {"", "host/x", "://host/x", "rtsp:///x", "rtsp://user@/x", "rtsp://h:70000/", "rtsp://h:/x", "rtsp://h:1a/",
        "rtsp://[::1/x", "rtsp://[::1]x/", "rtsp://h/a b", "rtsp://h/a\r\nX: y", "rtsp://h/\x7f"}) {
    INFO(bad);
    CHECK(taken_apart(bad).starts_with("refused: the URL "));
  }
}

TEST_CASE("pull_policy: the name gives way to the address that was looked at") {
  policy p;
  p.names["cam.example"] = {"192.0.2.7"};
  p.names["six.example"] = {"2001:db8::7"};
  CHECK(p.opens("RTSP://u:p@cam.example:8554/a?b") == "rtsp://u:p@192.0.2.7:8554/a?b");
  CHECK(p.opens("rtsp://six.example/a") == "rtsp://[2001:db8::7]/a");
  CHECK(p.opens("rtsp://[2001:db8::9]:1/a") == "rtsp://[2001:db8::9]:1/a");
  const auto web = p("http://cam.example:81/live.flv");
  REQUIRE(web);
  CHECK(web->url == "http://192.0.2.7:81/live.flv");
  CHECK(web->host == "cam.example:81");
  // A certificate belongs to the name.
  CHECK(p.opens("https://cam.example/x") == "https://cam.example/x");
  CHECK(p.opens("rtsp://nobody.example/") == "refused: 'nobody.example' could not be resolved");
}

TEST_CASE("pull_policy: schemes and addresses are the operator's") {
  policy p;
  p.settings = {{"pull.schemes", "rtsp, http"}, {"pull.deny_ip_range", "10.0.0.0/8,::1"}};
  p.names["both.example"] = {"192.0.2.7", "10.1.1.1"};
  CHECK(
      p.opens("https://192.0.2.7/").starts_with("refused: the scheme 'https' is not one of pull.schemes: rtsp, http"));
  CHECK(p.opens("file://h/x").starts_with("refused: the scheme 'file'"));
  CHECK(p.opens("concat:rtsp://h/x").starts_with("refused: the scheme 'concat:rtsp'"));
  for (const auto* bad : {"rtsp://10.1.2.3/", "rtsp://[::ffff:10.1.2.3]/", "rtsp://[::1]/", "rtsp://both.example/",
                          "rtsp://192.0.2.1@10.1.2.3/"}) {
    INFO(bad);
    CHECK(p.opens(bad).find("do not permit") != std::string::npos);
  }
  p.settings["pull.allow_ip_range"] = "192.0.2.0/24";
  CHECK(p.opens("rtsp://192.0.2.7/a") == "rtsp://192.0.2.7/a");
  CHECK(p.opens("rtsp://198.51.100.1/a").find("198.51.100.1") != std::string::npos);
  CHECK(p.lookups == 1);
}

TEST_CASE("pull_policy: the addresses of clouds' metadata are refused unless the operator says otherwise") {
  policy p;
  CHECK(p.opens("http://169.254.169.254/latest").find("do not permit") != std::string::npos);
  CHECK(p.opens("http://[fe80::1]/").find("do not permit") != std::string::npos);
  CHECK(p.opens("http://127.0.0.1/x") == "http://127.0.0.1/x");
  p.settings["pull.deny_ip_range"] = "";
  CHECK(p.opens("http://169.254.169.254/latest") == "http://169.254.169.254/latest");
}
