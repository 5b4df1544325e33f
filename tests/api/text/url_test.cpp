// URLs as cameras, players and people write them.
#include "api/text/url.hpp"

#include <string>

#include "tests/support/catch.hpp"

using namespace berth::api;

namespace {

std::string taken_apart(std::string_view url) {
  const auto u = split_url(url);
  if (!u) return "refused: " + u.error();
  std::string text;
  for (const auto part : {u->scheme, u->user, u->host, u->port, u->path, u->query, u->rest}) text.append(part) += '|';
  return text;
}

}  // namespace

TEST_CASE("split_url: every part is as it was written") {
  CHECK(taken_apart("rtsp://u:p@host:554/a/b?c=d&e") == "rtsp|u:p@|host|554|/a/b|c=d&e|/a/b?c=d&e|");
  CHECK(taken_apart("RTMP://Host.Example/app/stream") == "RTMP||Host.Example||/app/stream||/app/stream|");
  CHECK(taken_apart("http://192.0.2.1:0") == "http||192.0.2.1|0||||");
  CHECK(taken_apart("http://[2001:db8::1]:65535?x=@y") == "http||2001:db8::1|65535||x=@y|?x=@y|");
  CHECK(taken_apart("rtsp://a_camera-1.local/x") == "rtsp||a_camera-1.local||/x||/x|");
  CHECK(taken_apart("rtsp://[fe80::1%eth0]:554/a") == "rtsp||fe80::1%eth0|554|/a||/a|");
  CHECK(taken_apart("rtsp://[fe80::1%25eth0]/a") == "rtsp||fe80::1%25eth0||/a||/a|");
}

TEST_CASE("split_url: a user may have any character but those that end the authority") {
  for (const std::string user : {"admin:p@ss", "admin:100%", "a%zz:%", "admin:a:b:c", "a\"<>\\^`{|}",
                                 "admin:\xe4\xb8\xad", "admin:[x]", "admin:\xff", ":", "", "@@"}) {
    INFO(user);
    CHECK(taken_apart("rtsp://" + user + "@192.0.2.7:8554/s") == "rtsp|" + user + "@|192.0.2.7|8554|/s||/s|");
  }
  for (const auto* ended : {"rtsp://admin:p#w@host/s", "rtsp://admin:p/w@host/s", "rtsp://admin:p?w@host/s"})
    CHECK(taken_apart(ended) == "refused: the URL has a port that is not in 0..65535");
}

TEST_CASE("split_url: a path and a query need not be encoded") {
  CHECK(taken_apart("http://h/a{b}|c%?d=%zz&\"^#e?f") == "http||h||/a{b}|c%|d=%zz&\"^#e?f|/a{b}|c%?d=%zz&\"^#e?f|");
  CHECK(taken_apart("http://h/\xe4\xb8\xad#x") == "http||h||/\xe4\xb8\xad#x||/\xe4\xb8\xad#x|");
  CHECK(taken_apart("http://h//a/../b") == "http||h||//a/../b||//a/../b|");
  CHECK(taken_apart("http://h#a/b") == "http||h||||#a/b|");
}

TEST_CASE("split_url: each refusal says what is wrong") {
  CHECK(taken_apart("rtsp://h/a b") == "refused: the URL has a blank or a control character in it");
  CHECK(taken_apart("") == "refused: the URL has no scheme, as rtsp://");
  CHECK(taken_apart("rtsp:/h/x") == "refused: the URL has no scheme, as rtsp://");
  CHECK(taken_apart("rtsp:///x") == "refused: the URL names no host");
  CHECK(taken_apart("rtsp://u@:554/x") == "refused: the URL names no host");
  CHECK(taken_apart("rtsp://[::1/x") == "refused: the URL has a '[' without its ']'");
  for (const auto* port : {"rtsp://h:65536/", "rtsp://h:/", "rtsp://h:-1/", "rtsp://h:1a/", "rtsp://[::1]x/",
                           "rtsp://[::1]:/", "rtsp://h:99999999999999999999/"}) {
    INFO(port);
    CHECK(taken_apart(port) == "refused: the URL has a port that is not in 0..65535");
  }
  for (const auto* host :
       {"rtsp://h\\x/", "rtsp://{h}:554/", "rtsp://[zz]/", "rtsp://[1::2::3]:554/", "rtsp://h%zz/"}) {
    INFO(host);
    CHECK(taken_apart(host) == "refused: the URL has a host that is neither a name nor an address");
  }
}

TEST_CASE("encode_blanks: nothing else is touched") {
  CHECK(encode_blanks("rtsp://h/a b\tc\x7f%20?d+e") == "rtsp://h/a%20b%09c%7F%20?d+e");
}
