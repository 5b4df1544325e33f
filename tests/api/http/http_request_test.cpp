// Decoding of targets and forms.
#include "api/http/http_request.hpp"

#include "tests/support/catch.hpp"

using namespace berth::api;
using namespace std::string_literals;

TEST_CASE("percent_decode: RFC 3986 2.1, lenient with what is no escape") {
  CHECK(percent_decode("a%2Fb%2fc") == "a/b/c");
  CHECK(percent_decode("%e4%b8%ad") == "\xe4\xb8\xad");
  CHECK(percent_decode("%00x") == "\0x"s);
  CHECK(percent_decode("100%") == "100%");
  CHECK(percent_decode("%4") == "%4");
  CHECK(percent_decode("%zz%4g") == "%zz%4g");
  CHECK(percent_decode("a+b") == "a+b");
  CHECK(percent_decode("a+b%2B", true) == "a b+");
}

TEST_CASE("parse_form: values are decoded, names on demand") {
  CHECK(parse_form("a=1&b=x%20y&&c&=z", false) == name_values{{"a", "1"}, {"b", "x y"}, {"c", ""}, {"", "z"}});
  CHECK(parse_form("a%62=1%3D=2", false) == name_values{{"a%62", "1==2"}});
  CHECK(parse_form("a%62=1", true) == name_values{{"ab", "1"}});
  CHECK(parse_form("", true).empty());
}

TEST_CASE("set_target: RFC 9112 3.2 forms") {
  http_request r;
  r.set_target("/v1/streams/a%2Fb?app=rtp&app=x%20y");
  CHECK(r.path == "/v1/streams/a/b");
  CHECK(r.raw_path() == "/v1/streams/a%2Fb");
  REQUIRE(r.query_value("app") != nullptr);
  CHECK(*r.query_value("app") == "x y");
  CHECK(r.query_value("App") == nullptr);

  r.set_target("http://198.51.100.1:80/index/api/version?x=http://a/b");
  CHECK(r.path == "/index/api/version");
  CHECK(*r.query_value("x") == "http://a/b");
  r.set_target("HTTP://host");
  CHECK(r.path == "/");
  r.set_target("*");
  CHECK(r.path == "*");
  CHECK(r.query.empty());
}

TEST_CASE("header: names are case-insensitive, the first one counts") {
  http_request r;
  r.headers = {{"Content-Type", "a"}, {"content-type", "b"}};
  CHECK(r.header("CONTENT-TYPE") == "a");
  CHECK(r.has_header("content-Type"));
  CHECK_FALSE(r.has_header("Content-Typ"));
  CHECK(r.header("Accept").empty());
}

TEST_CASE("comparisons are of ASCII letters only") {
  CHECK(equal_ignoring_case("AbZ[", "aBz["));
  CHECK_FALSE(equal_ignoring_case("[", "{"));
  CHECK(starts_with_ignoring_case("Application/JSON; charset=utf-8", "application/json"));
  CHECK_FALSE(starts_with_ignoring_case("app", "application"));
  CHECK(trim(" \t a b \t") == "a b");
  CHECK(trim(" \t").empty());
}
