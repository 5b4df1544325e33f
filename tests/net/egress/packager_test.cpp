// One container for many viewers: what each of them reads, and what is held for them.
#include "net/egress/packager.hpp"

#include <set>
#include <thread>

#include "tests/support/catch.hpp"
#include "tests/support/live_source.hpp"

using namespace berth::net;
using namespace berth::tests;

namespace {

struct viewer {
  packager::position at;
  flv_reader seen;
  std::uint64_t skipped = 0;
  bool ended = false;
  std::size_t chunks = 0;

  std::size_t read(const packager& from, std::size_t most_bytes = SIZE_MAX, std::size_t most_chunks = SIZE_MAX) {
    const auto batch = from.read(at, most_bytes, most_chunks);
    for (const auto& c : batch.chunks) seen.take(c->bytes.data(), c->bytes.size());
    skipped += batch.skipped;
    ended = batch.ended;
    chunks += batch.chunks.size();
    return batch.chunks.size();
  }
  std::vector<std::uint32_t> numbers() const {
    std::vector<std::uint32_t> out;
    for (const auto& p : seen.pictures) out.push_back(p.number);
    return out;
  }
};

std::vector<std::uint32_t> from_to(std::uint32_t first, std::uint32_t last) {
  std::vector<std::uint32_t> out;
  for (auto i = first; i <= last; ++i) out.push_back(i);
  return out;
}

}  // namespace

TEST_CASE("packager: a viewer gets the header, the group of pictures under way, and what follows", "[packager]") {
  live_source source;
  source.write_gop(3);
  source.write_gop(4);
  packager p{source.frames, container::flv, {}};
  viewer early;
  CHECK(early.read(p) == 0);  // nothing is muxed by reading
  CHECK(p.advance());
  CHECK_FALSE(p.advance());
  CHECK(early.read(p) == 5);
  CHECK(early.seen.is_flv);
  CHECK(early.numbers() == from_to(3, 6));
  CHECK(early.seen.pictures.front().key);
  CHECK(early.read(p) == 0);
  source.write(false);
  p.advance();
  CHECK(early.read(p) == 1);
  CHECK(early.numbers() == from_to(3, 7));

  viewer late;
  late.read(p);
  CHECK(late.numbers() == from_to(3, 7));
  CHECK(late.skipped == 0);
  CHECK(late.seen.configurations == std::vector<std::uint8_t>{1});
  CHECK_FALSE(late.seen.broken);
}

TEST_CASE("packager: viewers share the chunks", "[packager]") {
  live_source source;
  packager p{source.frames, container::flv, {}};
  source.write_gop(2);
  p.advance();
  packager::position a, b;
  const auto first = p.read(a, SIZE_MAX);
  const auto second = p.read(b, SIZE_MAX);
  CHECK(first.chunks == second.chunks);
}

TEST_CASE("packager: a batch keeps to its bounds, but for a first chunk that is larger", "[packager]") {
  live_source source;
  packager p{source.frames, container::flv, {}};
  source.write_gop(10, 1000);
  p.advance();
  viewer by_count;
  CHECK(by_count.read(p, SIZE_MAX, 4) == 4);  // the header is one of them
  CHECK(by_count.numbers() == from_to(0, 2));
  viewer by_bytes;
  by_bytes.read(p, 2500);
  CHECK(by_bytes.numbers() == from_to(0, 1));
  CHECK(by_bytes.read(p, 10) == 1);
  CHECK(by_bytes.numbers() == from_to(0, 2));
  while (by_bytes.read(p, 2500) > 0) {
  }
  CHECK(by_bytes.numbers() == from_to(0, 9));
}

TEST_CASE("packager: who falls out of the ring goes on at the newest key chunk", "[packager]") {
  live_source source;
  packager p{source.frames, container::flv, {}, {.chunks = 8, .bytes = 1'000'000}};
  source.write_gop(4);
  p.advance();
  viewer slow;
  slow.read(p);
  REQUIRE(slow.numbers() == from_to(0, 3));
  for (int i = 0; i < 3; ++i) {
    source.write_gop(4);
    p.advance();
  }
  slow.read(p);  // the ring holds 8 to 15
  auto expected = from_to(0, 3);
  for (const auto n : from_to(12, 15)) expected.push_back(n);
  CHECK(slow.numbers() == expected);
  CHECK(slow.skipped == 8);
  CHECK_FALSE(slow.seen.broken);  // no second file header
  CHECK(slow.seen.configurations.size() == 1);
}

TEST_CASE("packager: who falls out of the ring gets the header that changed meanwhile, without the file header",
          "[packager]") {
  live_source source;
  packager p{source.frames, container::flv, {}, {.chunks = 4, .bytes = 1'000'000}};
  source.write_gop(4);
  p.advance();
  viewer slow, steady;
  slow.read(p);
  steady.read(p);
  source.change_track(2);
  source.write_gop(4);
  p.advance();
  steady.read(p);
  source.write_gop(4);
  p.advance();
  slow.read(p);
  steady.read(p);
  CHECK_FALSE(slow.seen.broken);
  CHECK(slow.seen.configurations == std::vector<std::uint8_t>{1, 2});
  CHECK(slow.skipped == 4);
  CHECK(steady.numbers() == from_to(0, 11));
  CHECK(steady.seen.configurations == std::vector<std::uint8_t>{1, 2});
  viewer fresh;
  fresh.read(p);
  CHECK(fresh.seen.configurations == std::vector<std::uint8_t>{2});
}

TEST_CASE("packager: without a key chunk in the ring a viewer waits for the next one", "[packager]") {
  live_source source;
  packager p{source.frames, container::flv, {}, {.chunks = 3, .bytes = 1'000'000}};
  source.write_gop(2);
  p.advance();
  viewer slow;
  slow.read(p);
  for (int i = 0; i < 6; ++i) source.write(false);
  p.advance();
  viewer fresh;
  CHECK(fresh.read(p) == 0);
  CHECK(slow.read(p) == 0);
  CHECK(slow.skipped == 6);
  source.write(false);
  p.advance();
  CHECK(slow.read(p) == 0);
  CHECK(slow.skipped == 7);
  source.write(true);
  p.advance();
  fresh.read(p);
  slow.read(p);
  CHECK(fresh.numbers() == from_to(9, 9));
  CHECK(fresh.skipped == 0);
  CHECK(slow.numbers() == std::vector<std::uint32_t>{0, 1, 9});
  CHECK(slow.skipped == 7);
}

TEST_CASE("packager: the ring is bounded by bytes, one chunk may be larger", "[packager]") {
  live_source source;
  packager p{source.frames, container::flv, {}, {.chunks = 1000, .bytes = 10'000}};
  for (int i = 0; i < 100; ++i) {
    source.write_gop(2, 900);
    p.advance();
    CHECK(p.bytes() <= 10'000);
  }
  source.write(true, 50'000);
  p.advance();
  CHECK(p.bytes() >= 50'000);
  CHECK(p.bytes() < 50'100);
  viewer v;
  v.read(p);
  CHECK(v.numbers() == from_to(200, 200));
}

TEST_CASE("packager: the end comes behind the last chunk, and to those who got nothing", "[packager]") {
  live_source source;
  packager p{source.frames, container::flv, {}};
  source.write_gop(3);
  p.advance();
  viewer v;
  v.read(p, SIZE_MAX, 2);
  source.frames->end();
  CHECK(p.advance());
  CHECK_FALSE(p.advance());
  v.read(p, SIZE_MAX, 1);
  CHECK_FALSE(v.ended);
  v.read(p);
  CHECK(v.ended);
  CHECK(v.numbers() == from_to(0, 2));

  live_source empty;
  packager q{empty.frames, container::flv, {}};
  empty.frames->end();
  q.advance();
  viewer nothing;
  CHECK(nothing.read(q) == 0);
  CHECK(nothing.ended);
}

TEST_CASE("packager: threads that mux and read at once see each frame once and in order", "[packager]") {
  live_source source;
  const auto place = source.frames->join([] {});
  packager p{source.frames, container::flv, {}, {.chunks = 100'000, .bytes = 100'000'000}};
  source.write(true);
  std::vector<viewer> viewers(3);
  std::vector<std::thread> threads;
  for (auto& v : viewers)
    threads.emplace_back([&] {
      while (!v.ended) {
        p.advance();
        v.read(p, 2000);
      }
    });
  for (int i = 1; i < 3000; ++i) source.write(i % 50 == 0);
  source.frames->end();
  for (auto& t : threads) t.join();
  for (const auto& v : viewers) {
    REQUIRE(!v.seen.pictures.empty());
    CHECK(v.skipped == 0);
    CHECK_FALSE(v.seen.broken);
    // The packager itself may have been too slow for the fan-out: then it goes on at a key frame too.
    bool in_order = true;
    for (std::size_t i = 1; i < v.seen.pictures.size(); ++i) {
      const auto& now = v.seen.pictures[i];
      const auto before = v.seen.pictures[i - 1].number;
      in_order = in_order && now.whole && (now.number == before + 1 || (now.number > before && now.key));
    }
    CHECK(in_order);
    CHECK(v.seen.pictures.back().number == 2999);
  }
}

TEST_CASE("packager: an MPEG transport stream and fragmented MP4 begin with what they need", "[packager]") {
  live_source source;
  source.write_gop(3);
  for (const auto as : {container::ts, container::fmp4}) {
    packager p{source.frames, as, {}};
    p.advance();
    packager::position at;
    const auto batch = p.read(at, SIZE_MAX);
    REQUIRE(batch.chunks.size() >= 1);
    const auto* first = &batch.chunks[0]->bytes;
    if (first->empty()) first = &batch.chunks[1]->bytes;
    REQUIRE(first->size() > 8);
    if (as == container::ts)
      CHECK((*first)[0] == 0x47);
    else
      CHECK(std::string(first->begin() + 4, first->begin() + 8) == "ftyp");
  }
}
