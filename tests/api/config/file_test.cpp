// Reading whole, replacing whole, and saying why not.
#include "api/config/file.hpp"

#include <cerrno>

#include "tests/support/catch.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace berth;
using namespace berth::api;

TEST_CASE("file: what is written is read, whatever its length, with the mode asked for") {
  const tests::temporary_directory dir;
  const auto path = dir / "f";
  for (const std::size_t size : {0U, 1U, 4096U, 100000U}) {
    REQUIRE_FALSE(write_file_atomically(path, std::string(size, 'x'), 0600));
    CHECK(*read_file(path) == std::string(size, 'x'));
    CHECK(tests::mode_of(path) == 0600);
  }
  CHECK_FALSE(std::filesystem::exists(dir / "f.tmp"));
}

TEST_CASE("file: a mode of before does not survive a replacement") {
  const tests::temporary_directory dir;
  std::filesystem::permissions(dir.write("f", "old"), std::filesystem::perms::all);
  REQUIRE_FALSE(write_file_atomically(dir / "f", "new", 0600));
  CHECK(tests::mode_of(dir / "f") == 0600);
  CHECK(*read_file(dir / "f") == "new");
}

TEST_CASE("file: failures name step, path and reason, and leave the old content") {
  const tests::temporary_directory dir;
  const auto missing = read_file(dir / "none");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ENOENT);
  CHECK(missing.error().text == "open " + (dir / "none").string() + ": No such file or directory");
  CHECK(read_file(dir.path()).error().code == EISDIR);

  const auto lost = write_file_atomically(dir / "no/f", "x", 0600);
  REQUIRE(lost);
  CHECK(lost->code == ENOENT);

  // The draft can not be made where a directory stands in its place, nor through a link that somebody has laid.
  dir.write("f", "old");
  std::filesystem::create_directory(dir / "f.tmp");
  CHECK(write_file_atomically(dir / "f", "new", 0600));
  std::filesystem::remove(dir / "f.tmp");
  std::filesystem::create_symlink(dir / "elsewhere", dir / "f.tmp");
  CHECK(write_file_atomically(dir / "f", "new", 0600));
  CHECK_FALSE(std::filesystem::exists(dir / "elsewhere"));
  CHECK(*read_file(dir / "f") == "old");
}
