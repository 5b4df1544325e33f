// Changes at run time: all or nothing, on disk when they are answered, whole whenever the process dies.
#include "api/config/config_store.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "api/config/file.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/long_run.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace berth;
using namespace berth::api;

namespace {

using values = std::map<std::string, std::string>;
using names = std::vector<std::string>;

config_sources sources_in(const tests::temporary_directory& dir) {
  config_sources sources;
  sources.overrides = dir / "overrides.ini";
  sources.generated = {{"api.secret", "generated-secret"}, {"general.mediaServerId", "generated-id"}};
  return sources;
}

std::unique_ptr<config_store> open(config_sources sources) {
  auto store = config_store::open(std::move(sources));
  if (!store)
    for (const auto& e : store.error()) UNSCOPED_INFO(e.to_string());
  REQUIRE(store);
  return std::move(*store);
}

config_changes set(config_store& store, const values& v) {
  auto changes = store.set(v, "API");
  if (!changes)
    for (const auto& e : changes.error()) UNSCOPED_INFO(e.to_string());
  REQUIRE(changes);
  return *changes;
}

}  // namespace

TEST_CASE("config store: what the API sets is in the next snapshot, and in the next start") {
  const tests::temporary_directory dir;
  const auto store = open(sources_in(dir));
  const auto before = store->current();
  const auto changes = set(*store, {{"hook.enable", "1"},
                                    {"hook.on_publish", "http://127.0.0.1:18080/index/hook/on_publish"},
                                    {"rtp_proxy.port_range", "40000-41000"}});
  CHECK(changes.changed == names{"rtp_proxy.port_range", "hook.enable", "hook.on_publish"});
  CHECK(changes.after_restart.empty());
  CHECK(store->current()->get_bool("hook.enable"));
  CHECK_FALSE(before->get_bool("hook.enable"));
  CHECK(tests::mode_of(dir / "overrides.ini") == 0600);

  const auto again = open(sources_in(dir));
  CHECK(config::difference(*store->current(), *again->current()).empty());
}

TEST_CASE("config store: a controller's whole registration is taken, with what it sends besides") {
  const tests::temporary_directory dir;
  const auto store = open(sources_in(dir));
  const values registration{{"ffmpeg.snap", "anything"},
                            {"hook.enable", "1"},
                            {"hook.timeoutSec", "30"},
                            {"hook.alive_interval", "10.0"},
                            {"hook.on_flow_report", ""},
                            {"hook.on_play", "https://10.0.0.5:18080/index/hook/on_play"},
                            {"protocol.continue_push_ms", "3000"},
                            {"protocol.downloadRoot", "/record"},
                            {"protocol.mp4_save_path", "/record"},
                            {"record.appName", "record"},
                            {"rtp_proxy.port_range", "30000-30500"}};
  auto changes = set(*store, registration);
  CHECK(changes.changed.size() == 6);  // not alive_interval, on_flow_report, appName: they were so before
  CHECK(changes.unknown == 1);
  CHECK(changes.read_only == 1);
  const auto file = tests::content_of(dir / "overrides.ini");
  CHECK(file.find("alive_interval") == std::string::npos);
  changes = set(*store, registration);
  CHECK(changes.changed.empty());
  CHECK(tests::content_of(dir / "overrides.ini") == file);
}

TEST_CASE("config store: unknown and read-only keys alone change nothing and write nothing") {
  const tests::temporary_directory dir;
  const auto store = open(sources_in(dir));
  const auto changes = set(*store, {{"transcode.suffix", ""}, {"ffmpeg.bin", "/bin/sh"}, {"berth.state_dir", "/tmp"}});
  CHECK(changes.changed.empty());
  CHECK(changes.unknown == 1);
  CHECK(changes.read_only == 2);
  CHECK(store->current()->get_text("ffmpeg.bin") == "/usr/bin/ffmpeg");
  CHECK_FALSE(std::filesystem::exists(dir / "overrides.ini"));
}

TEST_CASE("config store: one bad value refuses the call by key, and nothing has changed") {
  const tests::temporary_directory dir;
  const auto store = open(sources_in(dir));
  bool told = false;
  store->on_change([&](const config&, const config&) { told = true; });
  const values cases[] = {{{"http.port", "65536"}},
                          {{"http.port", "-1"}},
                          {{"http.port", "30002"}},
                          {{"api.secret", ""}},
                          {{"api.secret", "  "}},
                          {{"api.secret", "035c73f7-bb6b-4889-a715-d9eb2d1925cc"}},
                          {{"general.mediaServerId", ""}},
                          {{"http.allow_ip_range", "10.0.0.0-nowhere"}},
                          {{"rtp_proxy.port_range", "30000"}},
                          {{"hook.on_play", "http://a/\n[api]\nsecret=mine"}}};
  for (auto bad : cases) {
    const auto key = bad.begin()->first;
    INFO(key << "=" << bad.begin()->second);
    bad["hook.retry"] = "5";
    const auto refused = store->set(bad, "API");
    REQUIRE_FALSE(refused);
    REQUIRE(refused.error().size() == 1);
    CHECK(refused.error()[0].key == key);
    CHECK(refused.error()[0].origin == "API");
    CHECK_FALSE(refused.error()[0].text.empty());
    CHECK(store->current()->get_int("hook.retry") == 1);
  }
  CHECK_FALSE(told);
  CHECK_FALSE(std::filesystem::exists(dir / "overrides.ini"));
  // All bad ones are named, not only the first.
  CHECK(store->set({{"http.port", "x"}, {"hook.retry", "y"}, {"hook.enable", "z"}}, "API").error().size() == 3);
}

TEST_CASE("config store: what acts only at start is stored and said so") {
  const tests::temporary_directory dir;
  const auto store = open(sources_in(dir));
  const auto changes = set(*store, {{"http.port", "8080"}, {"berth.reactors", "3"}, {"hook.retry", "2"}});
  CHECK(changes.changed.size() == 3);
  CHECK(changes.after_restart == names{"http.port", "berth.reactors"});
  CHECK(open(sources_in(dir))->current()->get_int("http.port") == 8080);
}

TEST_CASE("config store: --set has the last word, and the API's value waits for a start without it") {
  const tests::temporary_directory dir;
  auto pinned = sources_in(dir);
  pinned.set_arguments = {"hook.retry=9"};
  const auto store = open(pinned);
  auto changes = set(*store, {{"hook.retry", "4"}, {"hook.enable", "1"}});
  CHECK(changes.changed == names{"hook.enable"});
  CHECK(changes.pinned == names{"hook.retry"});
  CHECK(store->current()->get_int("hook.retry") == 9);
  CHECK(open(sources_in(dir))->current()->get_int("hook.retry") == 4);
  changes = set(*store, {{"hook.retry", "4"}});
  CHECK(changes.pinned.empty());
  // Going back to what --set says is a change beneath it.
  set(*store, {{"hook.retry", "9"}});
  CHECK(open(sources_in(dir))->current()->get_int("hook.retry") == 9);
}

TEST_CASE("config store: generated values hold until somebody sets others") {
  const tests::temporary_directory dir;
  const auto store = open(sources_in(dir));
  CHECK(set(*store, {{"api.secret", "generated-secret"}}).changed.empty());
  CHECK(set(*store, {{"api.secret", "mine"}}).changed == names{"api.secret"});
  CHECK(open(sources_in(dir))->current()->get_text("api.secret") == "mine");
  CHECK(tests::mode_of(dir / "overrides.ini") == 0600);
}

TEST_CASE("config store: any text survives the way through the file") {
  const tests::temporary_directory dir;
  const auto store = open(sources_in(dir));
  for (const auto* text :
       {"a ; b", ";x", "\"quoted\"", "\\", "a # b \"", "[http]", "key=value", "<html>\xE2\x82\xAC</html>"}) {
    INFO(text);
    set(*store, {{"http.notFound", text}});
    CHECK(open(sources_in(dir))->current()->get_text("http.notFound") == text);
  }
}

TEST_CASE("config store: saved keys of another version stay in the file") {
  const tests::temporary_directory dir;
  dir.write("overrides.ini", "[future]\nkey=1\n");
  const auto store = open(sources_in(dir));
  CHECK(store->current()->warnings({}).size() == 1);
  set(*store, {{"hook.retry", "2"}});
  CHECK(tests::content_of(dir / "overrides.ini").find("[future]\nkey=1\n") != std::string::npos);
}

TEST_CASE("config store: a disk that fails refuses the change") {
  const tests::temporary_directory dir;
  auto sources = sources_in(dir);
  sources.overrides = dir / "gone" / "overrides.ini";
  const auto store = open(sources);
  const auto refused = store->set({{"hook.retry", "2"}}, "API");
  REQUIRE_FALSE(refused);
  CHECK(refused.error()[0].text.find("No such file or directory") != std::string::npos);
  CHECK(store->current()->get_int("hook.retry") == 1);

  const auto nowhere = open({});
  CHECK_FALSE(nowhere->set({{"hook.retry", "2"}}, "API"));
}

TEST_CASE("config store: reload reads file and overrides again, and an error in them changes nothing") {
  const tests::temporary_directory dir;
  auto sources = sources_in(dir);
  sources.file = dir.write("berth.ini", "[hook]\nretry=2\ntimeoutSec=20\n");
  const auto store = open(sources);
  set(*store, {{"hook.timeoutSec", "30"}});

  dir.write("berth.ini", "[hook]\nretry=3\ntimeoutSec=21\n[http]\nport=81\n");
  auto done = store->reload();
  REQUIRE(done);
  CHECK(done->changed == names{"hook.retry", "http.port"});
  CHECK(done->after_restart == names{"http.port"});
  CHECK(store->current()->get_int("hook.timeoutSec") == 30);

  dir.write("berth.ini", "[hook]\nretry=x\nenabel=1\n");
  done = store->reload();
  REQUIRE_FALSE(done);
  CHECK(done.error().size() == 2);
  CHECK(store->current()->get_int("hook.retry") == 3);
  // What the API sets meanwhile goes on top of what was good last.
  set(*store, {{"hook.enable", "1"}});
  CHECK(store->current()->get_int("hook.retry") == 3);
}

TEST_CASE("config store: a bad file is refused at start with all errors") {
  const tests::temporary_directory dir;
  auto sources = sources_in(dir);
  sources.file = dir.write("berth.ini", "[hook]\nretry=x\nenabel=1\n");
  sources.set_arguments = {"http.port=99999"};
  const auto store = config_store::open(sources);
  REQUIRE_FALSE(store);
  CHECK(store.error().size() == 3);
}

TEST_CASE("config store: listeners hear each change once, with before and now") {
  const tests::temporary_directory dir;
  const auto store = open(sources_in(dir));
  std::vector<std::pair<std::int64_t, std::int64_t>> heard;
  store->on_change([&](const config& before, const config& now) {
    heard.emplace_back(before.get_int("hook.retry"), now.get_int("hook.retry"));
    // A listener may ask: the change is there already.
    CHECK(store->current()->get_int("hook.retry") == now.get_int("hook.retry"));
  });
  set(*store, {{"hook.retry", "2"}});
  set(*store, {{"hook.retry", "2"}});
  set(*store, {{"hook.retry", "3"}});
  CHECK(heard == std::vector<std::pair<std::int64_t, std::int64_t>>{{1, 2}, {2, 3}});
}

TEST_CASE("config store: concurrent readers see whole snapshots, concurrent writers lose nothing") {
  const tests::temporary_directory dir;
  const auto store = open(sources_in(dir));
  constexpr int rounds = 20;
  std::atomic<bool> done{false};
  std::atomic<int> torn{0};
  std::atomic<int> failed{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i)
    readers.emplace_back([&] {
      while (!done) {
        const auto c = store->current();
        if (c->get_int("rtc.nackMaxSize") != c->get_int("rtc.nackMaxMS") && c->origin("rtc.nackMaxMS") != "default")
          ++torn;
      }
    });
  std::thread together{[&] {
    for (int i = 0; i < rounds; ++i)
      if (!store->set({{"rtc.nackMaxSize", std::to_string(i)}, {"rtc.nackMaxMS", std::to_string(i)}}, "API")) ++failed;
  }};
  std::thread alone{[&] {
    for (int i = 0; i < rounds; ++i)
      if (!store->set({{"rtc.maxRtpCacheSize", std::to_string(i)}}, "API")) ++failed;
  }};
  together.join();
  alone.join();
  done = true;
  for (auto& reader : readers) reader.join();
  CHECK(torn == 0);
  CHECK(failed == 0);
  const auto kept = open(sources_in(dir))->current();
  CHECK(kept->get_int("rtc.nackMaxMS") == rounds - 1);
  CHECK(kept->get_int("rtc.maxRtpCacheSize") == rounds - 1);
}

namespace {

/// Sets pairs of equal values for ever, and writes a byte into `answers` after each one that was answered.
[[noreturn]] void change_for_ever(const config_sources& sources, int answers, int first) {
  const auto store = config_store::open(sources);
  if (!store) ::_exit(1);
  for (int i = first;; ++i) {
    const auto n = std::to_string(i);
    // A page of it, so that the file does not go to the disk in one piece.
    const auto done = (*store)->set({{"rtc.nackMaxSize", n}, {"http.notFound", std::string(20000, 'x') + n}}, "API");
    if (!done || ::write(answers, "", 1) != 1) ::_exit(1);
  }
}

}  // namespace

TEST_CASE("config store: after SIGKILL at any moment the file is whole, and has what was answered") {
  const tests::temporary_directory dir;
  const auto sources = sources_in(dir);
  int last = 0;
  for (int round = 0; round < tests::at_length(60); ++round) {
    int pipe[2];
    REQUIRE(::pipe(pipe) == 0);
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      ::close(pipe[0]);
      change_for_ever(sources, pipe[1], last + 1);
    }
    ::close(pipe[1]);
    char byte = 0;
    int answered = 0;
    while (answered < 1 + round % 3 && ::read(pipe[0], &byte, 1) == 1) ++answered;
    // Somewhere in the next change: the parent is not in step with the child, and a little less so each round.
    for (std::atomic<int> spin{round * 3000}; spin > 0; --spin) {
    }
    ::kill(child, SIGKILL);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));  // it did not end by itself: no change was refused
    while (::read(pipe[0], &byte, 1) == 1) ++answered;
    ::close(pipe[0]);

    INFO("round " << round << ", answered " << answered);
    const auto kept = open(sources)->current();
    const auto n = kept->get_int("rtc.nackMaxSize");
    CHECK(kept->get_text("http.notFound") == std::string(20000, 'x') + std::to_string(n));
    CHECK(n >= last + answered);
    CHECK(n <= last + answered + 1);
    last = static_cast<int>(n);
  }
}

TEST_CASE("config store: a half-written draft is never read, and is no obstacle") {
  const tests::temporary_directory dir;
  dir.write("overrides.ini.tmp", "[hook]\nretry=");
  const auto store = open(sources_in(dir));
  CHECK(store->current()->get_int("hook.retry") == 1);
  set(*store, {{"hook.retry", "2"}});
  CHECK(open(sources_in(dir))->current()->get_int("hook.retry") == 2);
  CHECK_FALSE(std::filesystem::exists(dir / "overrides.ini.tmp"));
}
