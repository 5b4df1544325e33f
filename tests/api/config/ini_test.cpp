// What a line of an INI file means, and that a value written is the value read.
#include "api/config/ini.hpp"

#include <map>
#include <random>
#include <string>

#include "tests/support/catch.hpp"
#include "tests/support/long_run.hpp"

using namespace berth::api;

namespace {

std::string value_of(std::string_view line) {
  const auto document = parse_ini("[s]\n" + std::string{line} + "\n");
  REQUIRE(document.errors.empty());
  REQUIRE(document.entries.size() == 1);
  return document.entries.front().value;
}

}  // namespace

TEST_CASE("ini: sections, keys, values and their lines") {
  const auto document = parse_ini("; first\n[http]\nport=80\n\n [ rtp_proxy ] ; pool\n\tport_range = 30000-35000 \n");
  REQUIRE(document.errors.empty());
  REQUIRE(document.entries.size() == 2);
  CHECK(document.entries[0].section == "http");
  CHECK(document.entries[0].key == "port");
  CHECK(document.entries[0].value == "80");
  CHECK(document.entries[0].line == 3);
  CHECK(document.entries[1].section == "rtp_proxy");
  CHECK(document.entries[1].key == "port_range");
  CHECK(document.entries[1].value == "30000-35000");
  CHECK(document.entries[1].line == 6);
}

TEST_CASE("ini: a comment begins at the start of a line or after a blank, nowhere else") {
  CHECK(value_of("k=a;b#c") == "a;b#c");
  CHECK(value_of("k=a ;b") == "a");
  CHECK(value_of("k=a\t# b") == "a");
  CHECK(value_of("k=;a") == ";a");
  CHECK(value_of("k=;;a") == ";;a");
  CHECK(value_of("k= ;a").empty());
  CHECK(value_of("  # k=1\n  ; k=2\nk=3") == "3");
}

TEST_CASE("ini: a value keeps its inner blanks and every '=' after the first") {
  CHECK(value_of("k = %s -i %s  -f flv") == "%s -i %s  -f flv");
  CHECK(value_of("k=a=b==") == "a=b==");
  CHECK(value_of("k=").empty());
}

TEST_CASE("ini: quotes keep what they enclose, and are plain text where they enclose a part") {
  CHECK(value_of(R"(k="a ; b")") == "a ; b");
  CHECK(value_of(R"(k="  a " ; why)") == "  a ");
  CHECK(value_of(R"(k="say \"a\\b\"")") == R"(say "a\b")");
  CHECK(value_of(R"(k="a b" -i "c")") == R"("a b" -i "c")");
  CHECK(value_of(R"(k="open)") == R"("open)");
}

TEST_CASE("ini: CRLF, a byte order mark and a missing last line break are accepted") {
  const auto document = parse_ini("\xEF\xBB\xBF[a]\r\nx=1\r\ny=2");
  REQUIRE(document.errors.empty());
  REQUIRE(document.entries.size() == 2);
  CHECK(document.entries[0].value == "1");
  CHECK(document.entries[1].value == "2");
}

TEST_CASE("ini: every error is found, with its line, and the rest is read all the same") {
  const auto document = parse_ini("early=1\n[a]\nx=1\nnonsense\nx=2\n=3\n[broken\nlost=1\n[b]\ny=4\n");
  std::map<std::size_t, ini_error> at;
  for (const auto& e : document.errors) at[e.line] = e;
  REQUIRE(at.size() == 5);
  CHECK(at[1].text.find("outside a section") != std::string::npos);
  CHECK(at[1].key == "early");
  CHECK(at[4].text.find("no '='") != std::string::npos);
  CHECK(at[5].key == "a.x");
  CHECK(at[5].text.find("first in line 3") != std::string::npos);
  CHECK(at[6].text.find("no key") != std::string::npos);
  CHECK(at[7].text.find("is no section") != std::string::npos);
  // The keys below a heading that nobody can read land nowhere.
  REQUIRE(document.entries.size() == 2);
  CHECK(document.entries[0].value == "1");
  CHECK(document.entries[1].section == "b");
}

TEST_CASE("ini: a section may come twice, a key of it may not") {
  const auto document = parse_ini("[a]\nx=1\n[b]\nx=2\n[a]\ny=3\nx=4\n");
  REQUIRE(document.errors.size() == 1);
  CHECK(document.errors[0].line == 7);
  CHECK(document.entries.size() == 3);
}

TEST_CASE("ini: a byte of 0 is an error of its line only") {
  const auto document = parse_ini(std::string_view{"[a]\nx=1\0\ny=2\n", 13});
  REQUIRE(document.errors.size() == 1);
  CHECK(document.errors[0].line == 2);
  CHECK(document.entries.size() == 1);
}

TEST_CASE("ini: any value without a line break reads back as it was written") {
  std::mt19937 random{7};  // NOLINT: the same values in every run
  constexpr std::string_view letters = "ab \t;#\"\\='[]";
  std::uniform_int_distribution<std::size_t> letter{0, letters.size() - 1};
  std::uniform_int_distribution<int> length{0, 8};
  for (int i = 0; i < berth::tests::at_length(20000); ++i) {
    std::string value;
    for (int n = length(random); n > 0; --n) value += letters[letter(random)];
    INFO("value: [" << value << "] written: [" << ini_value(value) << "]");
    const auto document = parse_ini("[s]\nk=" + ini_value(value) + "\n");
    REQUIRE(document.errors.empty());
    REQUIRE(document.entries.front().value == value);
  }
}

TEST_CASE("ini: values that need no quotes get none") {
  CHECK(ini_value("30000-35000") == "30000-35000");
  CHECK(ini_value("a;b") == "a;b");
  CHECK(ini_value("a ;b") == R"("a ;b")");
}

TEST_CASE("ini: random bytes neither throw nor hang") {
  std::mt19937 random{11};  // NOLINT: the same bytes in every run
  std::uniform_int_distribution<int> byte{0, 255};
  for (int i = 0; i < berth::tests::at_length(2000); ++i) {
    std::string text;
    for (int n = 0; n < 64; ++n)
      text += static_cast<char>(byte(random) % 3 == 0 ? "[]=\n;\"\\ "[byte(random) % 8] : byte(random));
    const auto document = parse_ini(text);
    REQUIRE(document.entries.size() + document.errors.size() <= 65);
  }
}
