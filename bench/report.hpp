// What a measurement prints: a table for people, JSON for programs.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace berth::bench {

/// The middle one; of an even number the mean of the two in the middle. 0 of none.
double median(std::vector<double> values);

/// Where the median of all that could be measured lies with at least 95 % certainty, whatever its distribution: between
/// two of the values, so many from either end that a fair coin would be as uneven in 2.5 % of all cases at most. NaN of
/// fewer than 6.
std::pair<double, double> interval_of_median(std::vector<double> values);

/// A number with as many digits as it deserves: "1234", "12.3", "0.042".
std::string short_number(double value);

/// One table: a name a row, a unit a column. Values of repetitions are added one by one; shown are medians, and how far the
/// repetitions lie apart. A value, filled by one subcommand.
class report {
 public:
  report(std::string title, std::vector<std::string> columns)
      : title_(std::move(title)), columns_(std::move(columns)) {}

  /// Values of one repetition, in the order of the columns; NaN = not known.
  void add(const std::string& row, const std::vector<double>& values);
  /// A sentence below the table.
  void note(std::string text) { notes_.push_back(std::move(text)); }

  /// The median; NaN if there is no such row or column.
  double value(const std::string& row, const std::string& column) const;

  std::string text() const;
  /// {"title", "columns", "rows": {name: {column: {"median", "min", "max", "n"}}}, "notes"}
  boost::json::object json() const;

 private:
  struct line {
    std::string name;
    std::vector<std::vector<double>> values;  // by column
  };
  line& find(const std::string& row);

  std::string title_;
  std::vector<std::string> columns_;
  std::vector<line> lines_;
  std::vector<std::string> notes_;
};

}  // namespace berth::bench
