#include "bench/latency_histogram.hpp"

#include <random>

#include "tests/support/catch.hpp"

using namespace berth::bench;
using std::chrono::nanoseconds;

TEST_CASE("a percentile is within one percent of the exact one, from nanoseconds to hours") {
  std::mt19937_64 random{5};
  for (const double scale : {1e2, 1e4, 1e6, 1e9, 1e13}) {
    latency_histogram h;
    std::vector<double> exact;
    for (int i = 0; i < 20'000; ++i) {
      const double v = std::exponential_distribution<double>{1 / scale}(random);
      h.record(nanoseconds{static_cast<std::int64_t>(v)});
      exact.push_back(std::floor(v));
    }
    std::sort(exact.begin(), exact.end());
    for (const double p : {0.5, 0.9, 0.99, 0.999}) {
      const auto wanted = exact[static_cast<std::size_t>(std::ceil(p * 20'000)) - 1] / 1e3;
      INFO("scale " << scale << " p " << p);
      CHECK(h.percentile_us(p) == Approx(wanted).epsilon(0.01).margin(0.001));
    }
    CHECK(h.max_us() == Approx(exact.back() / 1e3));
    CHECK(h.count() == 20'000);
  }
}

TEST_CASE("two histograms together say what one of both would have said") {
  latency_histogram a, b, both;
  for (int i = 1; i < 1000; ++i) {
    (i % 3 == 0 ? a : b).record(nanoseconds{i * i});
    both.record(nanoseconds{i * i});
  }
  a.merge(b);
  CHECK(a.count() == both.count());
  for (const double p : {0.1, 0.5, 0.99}) CHECK(a.percentile_us(p) == both.percentile_us(p));
  CHECK(a.mean_us() == both.mean_us());
}

TEST_CASE("without values everything is 0, and a negative latency counts as none") {
  latency_histogram h;
  CHECK(h.percentile_us(0.5) == 0);
  h.record(nanoseconds{-5});
  CHECK(h.percentile_us(0.5) == 0);
  CHECK(h.count() == 1);
}
