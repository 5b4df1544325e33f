#include "api/daemon/logger.hpp"

#include <boost/json.hpp>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/support/log_reader.hpp"

using namespace berth;
using berth::tests::log_reader;

namespace {

actors::event_ptr closed(actors::close_reason reason) {
  actors::stream_status s;
  s.key.stream = "cam\nmera";
  s.reason = reason;
  actors::event e;
  e.kind = actors::event_kind::stream_closed;
  e.stream = std::make_shared<actors::stream_status>(s);
  return std::make_shared<actors::event>(e);
}

}  // namespace

TEST_CASE("log: texts and events are lines, in the order of their writing, each with its level") {
  log_reader r;
  {
    api::logger log{"info", false, r.fd()};
    log.info("first");
    log.write(closed(actors::close_reason::requested));
    log.write(closed(actors::close_reason::failed));
    log.write(api::log_level::debug, "nobody wants it");
    log.set_level("error");
    log.warn("nobody wants this either");
    log.write(closed(actors::close_reason::requested));
    log.error("last");
  }
  r.give_up();
  const auto lines = r.lines();
  REQUIRE(lines.size() == 4);
  CHECK(lines[0].ends_with(" I first"));
  CHECK(lines[1].find(" I closed __defaultVhost__/rtp/cam\\x0amera, port 0, generation 0: requested") !=
        std::string::npos);
  CHECK(lines[2].find(" E closed ") != std::string::npos);
  CHECK(lines[3].ends_with(" E last"));
}

TEST_CASE("log: as JSON it is one object a line, whatever the text is") {
  log_reader r;
  {
    api::logger log{"info", true, r.fd()};
    log.warn("a \"quoted\"\nword");
    log.write(closed(actors::close_reason::went_silent));
  }
  r.give_up();
  const auto lines = r.lines();
  REQUIRE(lines.size() == 2);
  const auto first = boost::json::parse(lines[0]).as_object();
  CHECK(first.at("level").as_string() == "warning");
  CHECK(first.at("text").as_string() == "a \"quoted\"\\x0aword");
  CHECK(boost::json::parse(lines[1]).at("text").as_string().starts_with("closed "));
}

TEST_CASE("log: a line that warns is out while the daemon lives, and takes the ones before it along") {
  log_reader r;
  api::logger log{"info", false, r.fd()};
  log.info("before");
  log.warn("now");
  std::string seen;
  while (seen.find("now") == std::string::npos) seen += r.read_some();
  CHECK(seen.find("before") < seen.find("now"));
}

TEST_CASE("log: when nobody takes the lines the oldest go, are counted, and whoever writes does not wait") {
  constexpr std::size_t written = 4 * api::logger::most_queued;
  log_reader r;
  std::optional<api::logger> log{std::in_place, "info", false, r.fd()};
  for (std::size_t i = 0; i < written; ++i) log->info("line " + std::to_string(i));
  // Only now somebody reads.
  std::vector<std::string> lines;
  std::thread late{[&] { lines = r.lines(); }};
  log.reset();
  r.give_up();
  late.join();

  std::size_t found = 0, dropped = 0, next = 0;
  for (const auto& line : lines) {
    if (const auto at = line.find(" line "); at != std::string::npos) {
      const auto number = std::stoul(line.substr(at + 6));
      CHECK(number >= next);
      next = number + 1;
      ++found;
    } else if (const auto warned = line.find(" W "); warned != std::string::npos) {
      dropped += std::stoul(line.substr(warned + 3));
    }
  }
  CHECK(next == written);
  CHECK(dropped > 0);
  CHECK(found + dropped == written);
}

TEST_CASE("log: what is kept is bounded in bytes, too") {
  constexpr std::size_t large = api::logger::most_bytes / 8;
  log_reader r;
  std::optional<api::logger> log{std::in_place, "info", false, r.fd()};
  const auto alive = std::make_shared<int>(0);
  // The writer can not get beyond what the pipe takes, and one batch.
  log->write(
      api::log_level::warning, [] { return std::string(4096, 'x'); }, 4096);
  for (int i = 0; i < 100; ++i)
    log->write(
        api::log_level::info, [alive] { return std::string(4096, 'y'); }, large);
  CHECK(alive.use_count() <= 2 * 8 + 2);
  std::vector<std::string> lines;
  std::thread late{[&] { lines = r.lines(); }};
  log.reset();
  r.give_up();
  late.join();
  CHECK(alive.use_count() == 1);
}

TEST_CASE("log: a reader who takes nothing does not hold up the end for ever") {
  log_reader r;
  std::optional<api::logger> log{std::in_place, "info", false, r.fd()};
  for (int i = 0; i < 1000; ++i) log->info(std::string(1000, 'x'));
  CHECK_FALSE(log->flush(std::chrono::milliseconds{1}));
  log.reset();
  CHECK(r.read_some().size() > 1000);
}

TEST_CASE("log: a reader who is gone costs lines, and not the daemon") {
  log_reader r;
  r.leave();
  api::logger log{"info", false, r.fd()};
  log.error("nobody reads it");
  CHECK(log.flush(std::chrono::seconds{20}));
  log.error("nor this");
  CHECK(log.flush(std::chrono::seconds{20}));
}

TEST_CASE("log: words that can not be found are an error's line, and others go on") {
  log_reader r;
  {
    api::logger log{"info", false, r.fd()};
    log.write(
        api::log_level::info, []() -> std::string { throw std::runtime_error("no words"); }, 1);
    log.info("after it");
  }
  r.give_up();
  const auto lines = r.lines();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].ends_with(" E a line could not be written: no words"));
  CHECK(lines[1].ends_with(" I after it"));
}
