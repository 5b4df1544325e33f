// The contract's section 2 (arguments) and the lists of its section 9.
#include "api/http/arguments.hpp"

#include "tests/support/catch.hpp"

using namespace berth::api;
using namespace std::string_literals;

namespace {

http_request call(std::string target, std::string type = {}, std::string body = {}) {
  http_request r;
  r.method = body.empty() ? "GET" : "POST";
  r.set_target(std::move(target));
  if (!type.empty()) r.headers.emplace_back("Content-Type", std::move(type));
  r.body = std::move(body);
  return r;
}
http_request json(std::string body) { return call("/x", "application/json", std::move(body)); }
http_request form(std::string body) { return call("/x", "application/x-www-form-urlencoded", std::move(body)); }

}  // namespace

TEST_CASE("arguments: query, form and JSON are the same to a handler") {
  const auto q = call("/x?port=0&stream_id=a%20b%2Fc");
  const auto f = form("port=0&stream_id=a+b%2Fc");
  const auto j = json(R"({"port":0,"stream_id":"a b/c"})");
  for (const auto* r : {&q, &f, &j}) {
    const arguments args{*r};
    CHECK(args.text("port") == "0");
    CHECK(args.text("stream_id") == "a b/c");
    CHECK(args.text("STREAM_ID") == "a b/c");
    CHECK(args.text("other").empty());
    CHECK(args.remark().empty());
  }
}

TEST_CASE("arguments: the type of the body is compared by its beginning, without regard to case") {
  for (const auto* type : {"application/json; charset=utf-8", "Application/JSON"}) {
    const auto r = call("/x", type, R"({"a":"1"})");
    CHECK(arguments{r}.text("a") == "1");
    CHECK(arguments{r}.json_body());
  }
  const auto f = call("/x", "application/x-www-form-urlencoded;charset=UTF-8", "a=1");
  CHECK(arguments{f}.text("a") == "1");
  CHECK_FALSE(arguments{f}.json_body());
}

TEST_CASE("arguments: a body of another type, or of none, is not looked at") {
  for (const auto* type : {"", "text/plain", "multipart/form-data"}) {
    const auto r = call("/x", type, "port=1");
    CHECK(arguments{r}.require({"port"}) == "Required parameter missed: \"port\"");
  }
}

TEST_CASE("arguments: values of a form are decoded, names are not") {
  const auto r = form("a%62=%e4%b8%ad");
  CHECK(arguments{r}.text("a%62") == "\xe4\xb8\xad");
  CHECK_FALSE(arguments{r}.has("ab"));
}

TEST_CASE("arguments: the query overrides the body, an empty value included") {
  const auto r = call("/x?Port=2&app=", "application/json", R"({"port":1,"app":"live","vhost":"v"})");
  const arguments args{r};
  CHECK(args.text("port") == "2");
  CHECK(args.text("vhost") == "v");
  CHECK_FALSE(args.has("app"));
  CHECK(args.all() == name_values{{"port", "2"}, {"app", ""}, {"vhost", "v"}});
}

TEST_CASE("arguments: the last of several equal names counts") {
  const auto r = call("/x?a=1&A=2");
  CHECK(arguments{r}.text("a") == "2");
  const auto j = json(R"({"a":1,"a":3})");
  CHECK(arguments{j}.text("a") == "3");
}

TEST_CASE("arguments: a missing or empty name falls back to the request's headers") {
  auto r = call("/x?app=");
  r.headers.emplace_back("Secret", "s3cret");
  r.headers.emplace_back("app", "live");
  const arguments args{r};
  CHECK(args.text("secret") == "s3cret");
  CHECK(args.text("app") == "live");
  CHECK(args.all() == name_values{{"app", ""}});
  auto given = call("/x?secret=query");
  given.headers.emplace_back("secret", "header");
  CHECK(arguments{given}.text("secret") == "query");
}

TEST_CASE("arguments: scalars of JSON become text, null is absent") {
  const auto r = json(
      R"({"t":true,"f":false,"n":null,"i":-7,"big":4294967295,"d":1.5,"whole":30000.0,"e":3e4,"s":"\u4e2d\"","z":0})");
  const arguments args{r};
  CHECK(args.text("t") == "true");
  CHECK(args.text("f") == "false");
  CHECK_FALSE(args.has("n"));
  CHECK(args.text("i") == "-7");
  CHECK(args.text("big") == "4294967295");
  CHECK(args.text("d") == "1.5");
  CHECK(args.text("whole") == "30000");
  CHECK(args.text("e") == "30000");
  CHECK(args.text("s") == "\xe4\xb8\xad\"");
  CHECK(args.text("z") == "0");
}

TEST_CASE("arguments: a nested member costs only itself") {
  const auto r = json(R"({"a":1,"b":{"c":[1,{"x":2}]},"d":[],"stream_id":"s"})");
  const arguments args{r};
  CHECK(args.text("a") == "1");
  CHECK(args.text("stream_id") == "s");
  CHECK_FALSE(args.has("b"));
  CHECK_FALSE(args.has("d"));
  CHECK_FALSE(args.has("c"));
  CHECK(args.remark() == "ignored, since nested: 'b', 'd'");
  CHECK(args.require({"b"}) == "Required parameter missed: \"b\"; ignored, since nested: 'b', 'd'");
}

TEST_CASE("arguments: malformed JSON is no arguments, and the message says so") {
  for (const auto* body : {"{\"port\":1", "[{\"port\":1}]", "{\"port\":1}}", "{\"port\":1} x", "{\"port\":01}",
                           "{\"port\":1x}", "{\"port\":tru}", "{\"port\":nul}", "{port:1}", "{\"port\":1,}",
                           "{\"port\":\"\xff\"}", "\"port\"", "12", "{\"port\":-}", "{\"port\":1.}"}) {
    INFO(body);
    const auto r = json(body);
    const arguments args{r};
    CHECK(args.all().empty());
    REQUIRE(args.require({"port", "stream_id"}));
    CHECK(args.require({"port", "stream_id"})
              ->find("Required parameter missed: \"port\", \"stream_id\"; the JSON body was ignored: ") == 0);
  }
  const auto array = json("[1]");
  CHECK(arguments{array}.remark() == "the JSON body was ignored: it is not an object");
}

TEST_CASE("arguments: an empty JSON body is no arguments, without a remark") {
  for (const auto* body : {"", " \r\n", "{}"}) {
    const auto r = json(body);
    CHECK(arguments{r}.require({"a"}) == "Required parameter missed: \"a\"");
  }
}

TEST_CASE("arguments: malformed JSON does not cost the query") {
  const auto r = call("/x?port=7", "application/json", "{");
  CHECK(arguments{r}.text("port") == "7");
  CHECK_FALSE(arguments{r}.require({"port"}));
}

TEST_CASE("arguments: numbers are decimal, blanks around them and leading zeros are fine") {
  const auto number = [](std::string text) {
    const auto r = call("/x?n=" + text);
    return arguments{r}.ssrc("n");
  };
  CHECK(*number("31040") == 31040);
  CHECK(*number("%2031040") == 31040);
  CHECK(*number("31040%20") == 31040);
  CHECK(*number("0100000001") == 100000001);
  CHECK(*number("4294967295") == 4294967295);
  CHECK(*number("0") == 0);
  const auto r = call("/x?n=");
  CHECK(*arguments{r}.ssrc("n", 5) == 5);
  CHECK(*arguments{r}.port("m", 6) == 6);
}

TEST_CASE("arguments: what is no number of the range is refused with field, value and range") {
  for (const auto* text : {"70000", "65536", "-1", "abc", "31040abc", "12.7", "0x7918", "1e3", "1%002", "%2b5", "-"}) {
    INFO(text);
    const auto r = call("/x?port="s + text);
    CHECK_FALSE(arguments{r}.port("port"));
  }
  for (const auto* text : {"4294967296", "abc", "0x12345678", "-1", "99999999999999999999999"}) {
    const auto r = call("/x?ssrc="s + text);
    CHECK_FALSE(arguments{r}.ssrc("ssrc"));
  }
  const auto r = call("/x?port=70000&mode=3");
  CHECK(arguments{r}.port("port").error() == "port: '70000' is not a decimal number within 0..65535");
  CHECK(arguments{r}.integer("mode", -1, 2, 0).error() == "mode: '3' is not a decimal number within -1..2");
  CHECK(*arguments{r}.integer("mode", -1, 3, 0) == 3);
  const auto j = json(R"({"ssrc":99999999999999999999})");
  CHECK(arguments{j}.ssrc("ssrc").error() ==
        "ssrc: '99999999999999999999' is not a decimal number within 0..4294967295");
}

TEST_CASE("arguments: a flag is 1 or true, 500 is false, as the known client needs it") {
  const auto flag = [](const std::string& text) {
    const auto r = call("/x?f=" + text);
    return arguments{r}.flag("f", true);
  };
  for (const auto* on : {"1", "true", "TRUE", "True"}) CHECK(flag(on));
  for (const auto* off : {"0", "500", "2", "10", "01", "1.0", "false", "yes", "on", "%201"}) CHECK_FALSE(flag(off));
  CHECK(flag(""));  // absent
  const auto j = json(R"({"a":true,"b":1,"c":false})");
  CHECK(arguments{j}.flag("a"));
  CHECK(arguments{j}.flag("b"));
  CHECK_FALSE(arguments{j}.flag("c", true));
}

TEST_CASE("arguments: the list of a call is printed whole, in both layouts of section 9") {
  const auto r = call("/x?port=1&schema=rtsp&stream_id=");
  const arguments args{r};
  CHECK(args.require({"port", "stream_id"}) == "Required parameter missed: \"port\", \"stream_id\"");
  CHECK(args.require({"schema", "vhost", "app", "stream"}, ",") ==
        "Required parameter missed: \"schema\",\"vhost\",\"app\",\"stream\"");
  CHECK_FALSE(args.require({"port", "schema"}));
  CHECK(args.text_or("app", "rtp") == "rtp");
  CHECK(args.text_or("schema", "rtp") == "rtsp");
}

TEST_CASE("arguments: an encoded NUL stays a byte of the value") {
  const auto r = call("/x?stream_id=a%00b");
  CHECK(arguments{r}.text("stream_id") == "a\0b"s);
}
