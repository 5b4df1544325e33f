// What a test needs and does not find is a failure with a name.
#include "tests/support/needed_programs.hpp"

#include <stdexcept>
#include <string>

#include "tests/support/catch.hpp"
#include "tests/support/media_probe.hpp"

using namespace berth::tests;

TEST_CASE("needed programs: one that is not there is named, and is not started") {
  CHECK_NOTHROW(need_program("sh"));
  CHECK_NOTHROW(need_program("/bin/sh"));
  CHECK_THROWS_AS(need_program("/bin/no-such-program"), std::runtime_error);
  std::string said;
  try {
    output_of({"no-such-program", "--version"});
  } catch (const std::runtime_error& e) {
    said = e.what();
  }
  CHECK(said.find("'no-such-program' is not on the PATH") != std::string::npos);
}
