// Reply bodies of both faces.
#include "api/http/json.hpp"

#include "tests/support/catch.hpp"

using namespace berth::api;

TEST_CASE("to_text: what is not UTF-8 becomes U+FFFD (RFC 3629)") {
  const auto text = [](std::string_view s) {
    const auto all = to_text({{"", s}});
    return all.substr(4, all.size() - 5);  // behind {"":
  };
  CHECK(text("a\xe4\xb8\xad\xf0\x9f\x98\x80") == "\"a\xe4\xb8\xad\xf0\x9f\x98\x80\"");
  CHECK(text("a\xff"
             "b") ==
        "\"a\xef\xbf\xbd"
        "b\"");
  CHECK(text("\xc0\x80") == "\"\xef\xbf\xbd\xef\xbf\xbd\"");                  // overlong
  CHECK(text("\xe0\x80\x80") == "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");  // overlong
  CHECK(text("\xed\xa0\x80") == "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");  // surrogate
  CHECK(text("\xe4\xb8") == "\"\xef\xbf\xbd\xef\xbf\xbd\"");                  // cut
  CHECK(text(std::string_view{"\0", 1}) == "\"\\u0000\"");
  // Whatever stands in front of it, and however long that is.
  for (std::size_t n = 0; n < 20; ++n)
    CHECK(text(std::string(n, 'a') + "\xff" + std::string(n, 'b')) ==
          "\"" + std::string(n, 'a') + "\xef\xbf\xbd" + std::string(n, 'b') + "\"");
}

TEST_CASE("zlm_reply and zlm_error: HTTP 200, an integer code first, the extras after it") {
  const auto ok = zlm_reply({{"port", 30000}});
  CHECK(ok.status == 200);
  CHECK(ok.content_type == "application/json");
  CHECK(ok.body == R"({"code":0,"port":30000})");
  CHECK(ok.code == 0);
  const auto error = zlm_error(-1, "connection refused", {{"local_port", 0}});
  CHECK(error.status == 200);
  CHECK(error.body == R"({"code":-1,"msg":"connection refused","local_port":0})");
  CHECK(error.code == -1);
}

TEST_CASE("problem: the members of RFC 9457") {
  const auto reply = problem(409, "the stream is live", "/v1/streams/a", {{"generation", 7}});
  CHECK(reply.status == 409);
  CHECK(reply.content_type == "application/problem+json");
  CHECK(
      reply.body ==
      R"({"type":"about:blank","title":"Conflict","status":409,"detail":"the stream is live","instance":"/v1/streams/a","generation":7})");
  CHECK(problem(500, "x").body.find("instance") == std::string::npos);
}

TEST_CASE("zlm_list: elements that are JSON already, and what is not UTF-8 in them becomes U+FFFD") {
  CHECK(zlm_list("").body == R"({"code":0,"data":[]})");
  CHECK(zlm_list(R"({"a":1},{"a":2})").body == R"({"code":0,"data":[{"a":1},{"a":2}]})");
  CHECK(zlm_list("\"\xff\"").body == "{\"code\":0,\"data\":[\"\xef\xbf\xbd\"]}");
  CHECK(zlm_list("").code == 0);
}
