#include "api/text/name.hpp"

#include "tests/support/catch.hpp"

using namespace berth::api;

TEST_CASE("why_no_name: what people call cameras is let in") {
  for (const auto* name :
       {"34020000001320000001", "cam 1", "a/b", "摄像头", "größe", "\xf0\x9f\x93\xb7", "a\"b'c\\d", ".."})
    CHECK_FALSE(why_no_name(name));
  CHECK_FALSE(why_no_name(std::string(longest_name, 'x')));
}

TEST_CASE("why_no_name: the reason names what is wrong, and where") {
  CHECK(*why_no_name("") == "has 0 bytes, names have 1..255");
  CHECK(*why_no_name(std::string(256, 'x')) == "has 256 bytes, names have 1..255");
  CHECK(*why_no_name("a\nb") == "has the control character U+000A at byte 1");
  CHECK(*why_no_name(std::string{"ab\0c", 4}) == "has the control character U+0000 at byte 2");
  CHECK(*why_no_name("\x7f") == "has the control character U+007F at byte 0");
  CHECK(*why_no_name("a\xc2\x85") == "has the control character U+0085 at byte 1");
  CHECK(*why_no_name("a\xe2\x80\xa8") == "has the control character U+2028 at byte 1");
  CHECK(*why_no_name("cam\xe2\x80\xae"
                     "4pm") == "has U+202E at byte 3, which turns the direction of text around");
  CHECK(*why_no_name("\xe2\x81\xa6x") == "has U+2066 at byte 0, which turns the direction of text around");
  // Overlong, a surrogate, beyond Unicode, cut short.
  for (const auto* bad : {"\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe6\x91"})
    CHECK(*why_no_name(bad) == "is not valid UTF-8");
}

TEST_CASE("on_one_line: a text of somebody else's adds no line, hides nothing, and is bounded") {
  CHECK(on_one_line("摄像头 cam") == "摄像头 cam");
  CHECK(on_one_line("a\r\nb\tc") == "a\\x0d\\x0ab\\x09c");
  CHECK(on_one_line("a\\x0a") == "a\\\\x0a");
  CHECK(on_one_line("a\xe2\x80\xae") == "a\\xe2\\x80\\xae");
  CHECK(on_one_line("a\xff\xe6") == "a\\xff\\xe6");
  CHECK(on_one_line("\x1b[31m") == "\\x1b[31m");
  CHECK(on_one_line("abcdef", 3) == "abc...");
}
