#include "bench/report.hpp"

#include <cmath>
#include <limits>

#include "tests/support/catch.hpp"

using namespace berth::bench;

TEST_CASE("the median is the middle one, or between the two in the middle, and leaves out what is not known") {
  CHECK(median({3, 1, 2}) == 2);
  CHECK(median({4, 1, 2, 3}) == 2.5);
  CHECK(median({std::numeric_limits<double>::quiet_NaN(), 7}) == 7);
  CHECK(std::isnan(median({})));
}

TEST_CASE("the interval of a median is as wide as few values need, and there is none of fewer than six") {
  CHECK(interval_of_median({5, 3, 1, 2, 6, 4}) == std::pair{1.0, 6.0});
  CHECK(interval_of_median({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}) == std::pair{2.0, 10.0});
  std::vector<double> many(101);
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = static_cast<double>(i);
  CHECK(interval_of_median(many) == std::pair{40.0, 60.0});
  CHECK(std::isnan(interval_of_median({1, 2, 3, 4, 5}).first));
  CHECK(std::isnan(interval_of_median({1, 2, 3, 4, 5, std::nan("")}).second));
}

TEST_CASE("numbers have as many digits as they deserve") {
  CHECK(short_number(1234.56) == "1235");
  CHECK(short_number(12.345) == "12.3");
  CHECK(short_number(1.234) == "1.23");
  CHECK(short_number(0.0421) == "0.042");
  CHECK(short_number(5) == "5");
  CHECK(short_number(std::nan("")) == "-");
}

TEST_CASE("a report shows medians of repetitions, row by row in the order they came") {
  report r{"Title", {"a", "b"}};
  r.add("second", {1, 10});
  r.add("first", {5, std::nan("")});
  r.add("second", {3, 30});
  r.add("second", {2, 20});
  r.note("a note");
  CHECK(r.value("second", "b") == 20);
  CHECK(std::isnan(r.value("first", "b")));
  CHECK(std::isnan(r.value("third", "b")));
  const auto text = r.text();
  CHECK(text.find("Title  (medians of 3)") == 0);
  CHECK(text.find("second") < text.find("first"));
  CHECK(text.find("a note") != text.npos);
  const auto cell = r.json().at("rows").at("second").at("a");
  CHECK(cell.at("median") == 2.0);
  CHECK(cell.at("min") == 1.0);
  CHECK(cell.at("max") == 3.0);
  CHECK(cell.at("n") == 3);
  CHECK(r.json().at("rows").at("first").at("b").at("median").is_null());
}
