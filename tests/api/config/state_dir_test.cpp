// Where the state directory is, what is made in it once, and what is said when that fails.
#include "api/config/state_dir.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <map>

#include "tests/support/catch.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace berth;
using namespace berth::api;

namespace {

state_dir_environment environment(std::map<std::string, std::string> variables, bool is_root = false) {
  return {[variables = std::move(variables)](const char* name) -> std::optional<std::string> {
            const auto found = variables.find(name);
            return found == variables.end() ? std::nullopt : std::optional<std::string>{found->second};
          },
          is_root};
}

std::string found(std::string_view configured, const state_dir_environment& e) {
  const auto path = find_state_dir(configured, e);
  return path ? path->string() : "error: " + path.error();
}

state_dir open(const std::filesystem::path& path) {
  auto dir = state_dir::open(path);
  if (!dir) UNSCOPED_INFO(dir.error());
  REQUIRE(dir);
  return *dir;
}

}  // namespace

TEST_CASE("state directory: the setting, then systemd's, then the user's, then the usual places") {
  const std::map<std::string, std::string> all{
      {"STATE_DIRECTORY", "/run/state/a:/run/state/b"}, {"XDG_STATE_HOME", "/x"}, {"HOME", "/home/u"}};
  CHECK(found("/given", environment(all)) == "/given");
  CHECK(found("", environment(all)) == "/run/state/a");
  CHECK(found("", environment({{"XDG_STATE_HOME", "/x"}, {"HOME", "/home/u"}}, true)) == "/x/berth");
  CHECK(found("", environment({{"HOME", "/root"}}, true)) == "/var/lib/berth");
  CHECK(found("", environment({{"HOME", "/home/u"}})) == "/home/u/.local/state/berth");
  CHECK(found("", environment({{"STATE_DIRECTORY", ""}, {"XDG_STATE_HOME", "relative"}, {"HOME", "/home/u"}})) ==
        "/home/u/.local/state/berth");
  CHECK(found("", environment({})).find("berth.state_dir") != std::string::npos);
}

TEST_CASE("state directory: it is made with all above it, for its owner only, and taken as it is when it exists") {
  const tests::temporary_directory dir;
  const auto path = dir / "a/b/state";
  open(path);
  CHECK(tests::mode_of(path) == 0700);
  CHECK(tests::mode_of(dir / "a") == 0700);
  REQUIRE(::chmod(path.c_str(), 0750) == 0);
  open(path);
  CHECK(tests::mode_of(path) == 0750);
  CHECK(open(dir.path().string() + "/slash/").path() == dir / "slash");
}

TEST_CASE("state directory: an error names the path and the reason") {
  const tests::temporary_directory dir;
  const auto file = dir.write("file", "");
  auto failed = state_dir::open(file);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().find(file.string() + ": Not a directory") != std::string::npos);
  failed = state_dir::open(file / "below");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().find("Not a directory") != std::string::npos);
  if (::geteuid() != 0) {
    REQUIRE(::chmod(dir.path().c_str(), 0500) == 0);
    failed = state_dir::open(dir / "new");
    REQUIRE_FALSE(failed);
    CHECK(failed.error().find("Permission denied") != std::string::npos);
    failed = state_dir::open(dir.path());
    REQUIRE_FALSE(failed);
    CHECK(failed.error().find("Permission denied") != std::string::npos);
    ::chmod(dir.path().c_str(), 0700);
  }
}

TEST_CASE("state directory: secret and id are made once, at random, and kept") {
  const tests::temporary_directory dir;
  const tests::temporary_directory other;
  const auto state = open(dir.path());
  const auto secret = state.secret();
  REQUIRE(secret);
  CHECK(secret->made_now);
  CHECK(secret->text.size() == 32);
  CHECK(secret->text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") ==
        std::string::npos);
  CHECK(tests::mode_of(state.secret_file()) == 0600);

  const auto again = open(dir.path()).secret();
  REQUIRE(again);
  CHECK_FALSE(again->made_now);
  CHECK(again->text == secret->text);
  CHECK(open(other.path()).secret()->text != secret->text);

  const auto id = state.media_server_id();
  REQUIRE(id);
  CHECK(id->made_now);
  CHECK(id->text.size() == 16);
  CHECK(state.media_server_id()->text == id->text);
  CHECK_FALSE(state.media_server_id()->made_now);
}

TEST_CASE("state directory: a secret that somebody wrote is taken, and closed to others") {
  const tests::temporary_directory dir;
  const auto file = dir.write("secret", "  my own secret-1 \r\n\n");
  REQUIRE(::chmod(file.c_str(), 0644) == 0);
  // Blanks inside would need quoting in every URL.
  CHECK_FALSE(open(dir.path()).secret());
  dir.write("secret", "  my-own-secret-1 \r\n\n");
  const auto secret = open(dir.path()).secret();
  REQUIRE(secret);
  CHECK(secret->text == "my-own-secret-1");
  CHECK_FALSE(secret->made_now);
  CHECK(tests::mode_of(file) == 0600);
}

TEST_CASE("state directory: an empty file is no secret, a broken one is an error and stays") {
  const tests::temporary_directory dir;
  dir.write("secret", "\n");
  const auto made = open(dir.path()).secret();
  REQUIRE(made);
  CHECK(made->made_now);
  CHECK(made->text.size() == 32);

  dir.write("secret", "one\ntwo\n");
  const auto broken = open(dir.path()).secret();
  REQUIRE_FALSE(broken);
  CHECK(broken.error().find((dir / "secret").string()) != std::string::npos);
  CHECK(broken.error().find("remove the file") != std::string::npos);
  CHECK(tests::content_of(dir / "secret") == "one\ntwo\n");

  std::filesystem::remove(dir / "secret");
  std::filesystem::create_directory(dir / "secret");
  const auto unreadable = open(dir.path()).secret();
  REQUIRE_FALSE(unreadable);
  CHECK(unreadable.error().find("Is a directory") != std::string::npos);
}
