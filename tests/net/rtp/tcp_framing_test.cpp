#include "net/rtp/tcp_framing.hpp"

#include <algorithm>
#include <random>
#include <string>

#include "tests/support/catch.hpp"
#include "tests/support/long_run.hpp"
#include "tests/support/packets.hpp"

using namespace berth::net;
using namespace berth::tests;

namespace {

using frames = std::vector<bytes>;

bytes prefixed(const bytes& packet) {
  bytes b(2);
  store_be16(b.data(), static_cast<std::uint16_t>(packet.size()));
  append(b, packet);
  return b;
}

bytes interleaved(const bytes& packet, std::uint8_t channel = 0) {
  bytes b{'$', channel};
  append(b, prefixed(packet));
  return b;
}

bytes framed(tcp_form form, const bytes& packet) {
  return form == tcp_form::length_prefixed ? prefixed(packet) : interleaved(packet);
}

/// Packets of varied sizes; the payload holds what looks like a frame start to those who only look at one byte.
frames packets(int count, std::size_t seed = 1) {
  std::mt19937 random(static_cast<std::mt19937::result_type>(seed));
  frames all;
  for (int i = 0; i < count; ++i) {
    all.push_back(make_rtp({.sequence = static_cast<std::uint16_t>(i), .payload = random() % 60, .fill = '$'}));
  }
  return all;
}

bytes stream_of(tcp_form form, const frames& packets) {
  bytes all;
  for (const auto& p : packets) append(all, framed(form, p));
  return all;
}

struct collector {
  explicit collector(std::size_t max_frame = tcp_framing::default_max_frame) : framing(max_frame) {}

  void feed(bytes_view chunk) {
    framing.feed(chunk, [&](const tcp_frame& f) {
      got.emplace_back(f.bytes.begin(), f.bytes.end());
      rtcp += f.rtcp;
    });
  }
  void feed(const bytes& stream, std::size_t step) {
    for (std::size_t at = 0; at < stream.size(); at += step)
      feed(bytes_view(stream).subspan(at, std::min(step, stream.size() - at)));
  }

  tcp_framing framing;
  frames got;
  int rtcp = 0;
};

/// Whether `got` is `sent` without the packets from `missing` on, `count` of them.
bool without(const frames& got, frames sent, std::ptrdiff_t missing, std::ptrdiff_t count) {
  sent.erase(sent.begin() + missing, sent.begin() + missing + count);
  return got == sent;
}

const auto both_forms = {tcp_form::length_prefixed, tcp_form::interleaved};

}  // namespace

TEST_CASE("RFC 4571 2 and RFC 2326 10.12: frames, split in two at every position") {
  for (const auto form : both_forms) {
    const auto sent = packets(6);
    const auto stream = stream_of(form, sent);
    for (std::size_t at = 0; at <= stream.size(); ++at) {
      collector c;
      c.feed(bytes_view(stream).first(at));
      c.feed(bytes_view(stream).subspan(at));
      INFO("split at " << at);
      REQUIRE((c.got == sent));
      REQUIRE(c.framing.form() == form);
      REQUIRE(c.framing.resyncs() == 0);
      REQUIRE(c.framing.pending_bytes() == 0);
    }
  }
}

TEST_CASE("frames come as soon as their last byte is there, byte by byte and in random chunks") {
  for (const auto form : both_forms) {
    const auto sent = packets(300, 7);
    const auto stream = stream_of(form, sent);
    collector c;
    c.feed(stream, 1);
    CHECK((c.got == sent));

    std::mt19937 random(3);
    collector r;
    for (std::size_t at = 0; at < stream.size();) {
      const auto n = std::min<std::size_t>(1 + random() % 200, stream.size() - at);
      r.feed(bytes_view(stream).subspan(at, n));
      at += n;
    }
    CHECK((r.got == sent));

    collector prompt;
    std::size_t end = 0;
    for (std::size_t i = 0; i < sent.size(); ++i) {
      const auto one = framed(form, sent[i]);
      end += one.size();
      prompt.feed(one);
      REQUIRE(prompt.got.size() == i + 1);
    }
  }
}

TEST_CASE("frames that lie whole in a chunk are not copied, also behind the rest of an earlier one") {
  const auto sent = packets(5);
  const auto stream = stream_of(tcp_form::length_prefixed, sent);
  tcp_framing framing;
  std::vector<bool> inside;
  const auto feed = [&](bytes_view chunk) {
    framing.feed(chunk, [&](const tcp_frame& f) {
      inside.push_back(f.bytes.data() >= chunk.data() && f.bytes.data() < chunk.data() + chunk.size());
    });
  };
  feed(bytes_view(stream).first(10));
  feed(bytes_view(stream).subspan(10));
  CHECK(inside == std::vector<bool>{false, true, true, true, true});
}

TEST_CASE("a first length of 0x24xx is not taken for '$'") {
  for (const std::size_t size : {0x2400, 0x2401, 0x24ff}) {
    frames sent{make_rtp({.sequence = 1, .payload = size - 12})};
    for (std::uint16_t i = 2; i < 5; ++i) sent.push_back(make_rtp({.sequence = i}));
    for (const std::size_t step : {1, 3, 1000, 100000}) {
      collector c;
      c.feed(stream_of(tcp_form::length_prefixed, sent), step);
      CHECK((c.got == sent));
      CHECK(c.framing.form() == tcp_form::length_prefixed);
      CHECK(c.framing.resyncs() == 0);
    }
  }
}

TEST_CASE("where both forms fit the first bytes, the next frame tells") {
  // As length_prefixed: 0x2400 bytes of RTP (80 60 ...). As interleaved: 0x8060 bytes, whose RTP begins 4 bytes in.
  auto first = make_rtp({.sequence = 0x8021, .payload = 0x2400 - 12});
  const frames sent{first, make_rtp({.sequence = 2}), make_rtp({.sequence = 3})};
  const auto stream = stream_of(tcp_form::length_prefixed, sent);
  for (const std::size_t step : {1, 1460, 100000}) {
    collector c(65535);
    c.feed(stream, step);
    CHECK((c.got == sent));
    CHECK(c.framing.form() == tcp_form::length_prefixed);
  }

  // The same the other way round: an interleaved frame of 0x8060 bytes on channel 0.
  auto large = make_rtp({.sequence = 1, .payload = 0x8060 - 12, .fill = 0});
  const frames others{large, make_rtp({.sequence = 2}), make_rtp({.sequence = 3})};
  for (const std::size_t step : {1, 1460, 100000}) {
    collector c(65535);
    c.feed(stream_of(tcp_form::interleaved, others), step);
    CHECK((c.got == others));
    CHECK(c.framing.form() == tcp_form::interleaved);
  }
}

TEST_CASE("RTCP passes as RTCP and is no lost framing") {
  for (const auto form : both_forms) {
    auto compound = make_sender_report(0x11223344, 0x100000002);
    append(compound, make_rtcp(1, 202, {0x11223344, 0x01016100}));
    const frames sent{compound, make_rtp(), make_rtcp(0, 201, {5}), make_rtp({.sequence = 2}),
                      make_rtcp(1, 203, {0x11223344})};
    collector c;
    c.feed(stream_of(form, sent), 5);
    CHECK((c.got == sent));
    CHECK(c.rtcp == 3);
    CHECK(c.framing.resyncs() == 0);
    CHECK(c.framing.ssrc() == 0x11223344U);
  }
}

TEST_CASE("several SSRCs on one connection are no lost framing") {
  frames sent;
  for (std::uint16_t i = 0; i < 40; ++i) sent.push_back(make_rtp({.sequence = i, .ssrc = 100U + i % 3}));
  sent.push_back(sent.back());
  for (const auto form : both_forms) {
    collector c;
    c.feed(stream_of(form, sent), 7);
    CHECK((c.got == sent));
    CHECK(c.framing.resyncs() == 0);
  }
}

TEST_CASE("the largest frame passes, a longer one is lost framing, and the limit is an option") {
  for (const auto form : both_forms) {
    const auto largest = make_rtp({.sequence = 2, .payload = 500 - 12});
    const auto larger = make_rtp({.sequence = 3, .payload = 501 - 12});
    const frames sent{make_rtp({.sequence = 1}), largest, larger, make_rtp({.sequence = 4}), make_rtp({.sequence = 5}),
                      make_rtp({.sequence = 6})};
    collector c(500);
    c.feed(stream_of(form, sent), 33);
    CHECK(without(c.got, sent, 2, 1));
    CHECK(c.framing.resyncs() == 1);
    CHECK(c.framing.skipped_bytes() == framed(form, larger).size());
  }
}

TEST_CASE("garbage between frames is skipped to its last byte, whatever it holds and however it is cut") {
  const auto sent = packets(40, 5);
  std::mt19937 random(17);
  for (const auto form : both_forms) {
    for (int round = 0; round < at_length(200); ++round) {
      bytes garbage(1 + random() % 300);
      const auto kind = random() % 4;
      for (auto& x : garbage)
        x = kind == 0 ? 0 : kind == 1 ? '$' : kind == 2 ? 0x80 : static_cast<std::uint8_t>(random());
      bytes stream;
      for (std::size_t i = 0; i < sent.size(); ++i) {
        if (i == 10) append(stream, garbage);
        append(stream, framed(form, sent[i]));
      }
      collector c(400);  // garbage that looks like a frame delays the next ones until as many bytes are there
      c.feed(stream, 1 + random() % 500);
      INFO("round " << round << ", " << garbage.size() << " bytes of kind " << kind);
      // Garbage that ends in what reads as a frame's start may swallow the first packet behind it, no more.
      const bool all = c.got == sent;
      const bool one_less = !all && without(c.got, sent, 10, 1);
      CHECK((all || one_less));
      CHECK(c.framing.resyncs() >= 1);
      if (all) CHECK(c.framing.skipped_bytes() == garbage.size());
    }
  }
}

TEST_CASE("lost framing: a length of 0, and bytes missing from the middle of a packet") {
  for (const auto form : both_forms) {
    const auto sent = packets(30, 9);
    auto stream = stream_of(form, frames(sent.begin(), sent.begin() + 10));
    append(stream, form == tcp_form::length_prefixed ? bytes{0, 0} : bytes{'$', 0, 0, 0});
    append(stream, stream_of(form, frames(sent.begin() + 10, sent.end())));
    collector zero;
    zero.feed(stream, 11);
    CHECK((zero.got == sent));
    CHECK(zero.framing.resyncs() == 1);

    auto cut = stream_of(form, sent);
    const auto begin = static_cast<std::ptrdiff_t>(stream_of(form, frames(sent.begin(), sent.begin() + 15)).size());
    cut.erase(cut.begin() + begin + 8, cut.begin() + begin + 12);
    collector less;
    less.feed(cut, 11);
    CHECK(less.framing.resyncs() >= 1);
    CHECK(less.got.size() >= sent.size() - 3);
    CHECK(std::equal(sent.end() - 10, sent.end(), less.got.end() - 10, less.got.end()));
  }
}

TEST_CASE("a connection that begins in the middle of a packet finds its frames") {
  for (const auto form : both_forms) {
    const auto sent = packets(20, 21);
    const auto stream = stream_of(form, sent);
    const auto first = framed(form, sent[0]).size();
    for (std::size_t at = 1; at < first; ++at) {
      collector c;
      c.feed(bytes_view(stream).subspan(at));
      INFO("begins at " << at);
      REQUIRE(c.got.size() >= sent.size() - 3);
      REQUIRE(std::equal(sent.end() - 10, sent.end(), c.got.end() - 10, c.got.end()));
    }
  }
}

TEST_CASE("what is no RTP at all is skipped, delivers nothing and keeps next to nothing") {
  const std::string text = "POST /index HTTP/1.1\r\nHost: example\r\nContent-Length: 100000\r\n\r\n";
  collector c;
  for (int i = 0; i < 1000; ++i) c.feed(bytes_view(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
  CHECK(c.got.empty());
  CHECK(c.framing.resyncs() == 1);
  CHECK(c.framing.skipped_bytes() + c.framing.pending_bytes() == 1000 * text.size());
  CHECK(c.framing.pending_bytes() < 32);
}

TEST_CASE("hostile bytes: nothing longer than the limit, a bounded buffer, and sums that hold") {
  const auto seed = GENERATE(range(1U, 1U + at_length(5U)));
  std::mt19937 random(seed);
  const std::size_t limit = 2000;
  collector c(limit);
  std::uint64_t fed = 0;
  for (int i = 0; i < 3000; ++i) {
    bytes chunk(random() % 400);
    for (auto& x : chunk) {
      const auto r = random() % 6;
      x = r == 0   ? 0x80
          : r == 1 ? '$'
          : r == 2 ? 0
                   : static_cast<std::uint8_t>(r == 3   ? random() % 8
                                               : r == 4 ? 96
                                                        : random());
    }
    fed += chunk.size();
    c.feed(chunk);
    REQUIRE(c.framing.pending_bytes() < limit + 4096 + 512);
  }
  std::uint64_t delivered = 0;
  for (const auto& f : c.got) {
    CHECK(f.size() <= limit);
    delivered += f.size();
  }
  CHECK(delivered + c.framing.skipped_bytes() + c.framing.pending_bytes() <= fed);
  CHECK(c.framing.frames() == c.got.size());
}

TEST_CASE("EHOME: 256 bytes of private header, 4-byte prefixes, and the carriage return is taken out") {
  for (const int third : {0x01, 0x02, 0x80}) {
    bytes stream(256, 0xee);
    stream[0] = 1;
    stream[1] = 0;
    stream[2] = static_cast<std::uint8_t>(third);
    frames sent;
    for (std::uint16_t i = 0; i < 20; ++i) {
      const auto packet = make_rtp({.sequence = i, .payload = 10U + i, .fill = 0xba});
      sent.push_back(packet);
      auto wire = packet;
      if (i % 2 == 0) wire.insert(wire.begin() + 12, '\r');
      append(stream, i < 10 ? bytes{0, 0} : bytes{'$', 1});
      append(stream, prefixed(wire));
    }
    for (const std::size_t step : {1, 100, 10000}) {
      collector c;
      c.feed(stream, step);
      CHECK((c.got == sent));
      CHECK(c.framing.form() == tcp_form::ehome);
      CHECK(c.framing.resyncs() == 0);
    }
  }
}

TEST_CASE("a first length of 0x0100 is not taken for EHOME") {
  const frames sent{make_rtp({.sequence = 1, .payload = 256 - 12}), make_rtp({.sequence = 2}),
                    make_rtp({.sequence = 3})};
  for (const std::size_t step : {1, 100, 10000}) {
    collector c;
    c.feed(stream_of(tcp_form::length_prefixed, sent), step);
    CHECK((c.got == sent));
    CHECK(c.framing.form() == tcp_form::length_prefixed);
  }
}
