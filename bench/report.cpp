#include "bench/report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

namespace berth::bench {
namespace {

std::string pad(const std::string& text, std::size_t width, bool left) {
  if (text.size() >= width) return text;
  const std::string blanks(width - text.size(), ' ');
  return left ? text + blanks : blanks + text;
}

}  // namespace

double median(std::vector<double> values) {
  std::erase_if(values, [](double v) { return std::isnan(v); });
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::sort(values.begin(), values.end());
  const auto middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::pair<double, double> interval_of_median(std::vector<double> values) {
  std::erase_if(values, [](double v) { return std::isnan(v); });
  std::sort(values.begin(), values.end());
  const auto n = values.size();
  // How likely it is that no more than `left_out` of them lie on one side of the median.
  double exactly = std::pow(0.5, static_cast<double>(n)), at_most = exactly;
  std::size_t left_out = 0;
  while (at_most <= 0.025) {
    ++left_out;
    exactly *= static_cast<double>(n - left_out + 1) / static_cast<double>(left_out);
    at_most += exactly;
  }
  if (left_out == 0) return {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()};
  return {values[left_out - 1], values[n - left_out]};
}

std::string short_number(double value) {
  if (std::isnan(value)) return "-";
  char text[32];
  const double size = std::abs(value);
  const int digits = size >= 100 || value == std::floor(value) ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

report::line& report::find(const std::string& row) {
  const auto found = std::find_if(lines_.begin(), lines_.end(), [&](const line& l) { return l.name == row; });
  if (found != lines_.end()) return *found;
  return lines_.emplace_back(line{row, std::vector<std::vector<double>>(columns_.size())});
}

void report::add(const std::string& row, const std::vector<double>& values) {
  auto& l = find(row);
  for (std::size_t i = 0; i < values.size() && i < columns_.size(); ++i) l.values[i].push_back(values[i]);
}

double report::value(const std::string& row, const std::string& column) const {
  const auto at = std::find(columns_.begin(), columns_.end(), column);
  const auto found = std::find_if(lines_.begin(), lines_.end(), [&](const line& l) { return l.name == row; });
  if (at == columns_.end() || found == lines_.end()) return std::numeric_limits<double>::quiet_NaN();
  return median(found->values[static_cast<std::size_t>(at - columns_.begin())]);
}

std::string report::text() const {
  std::vector<std::vector<std::string>> cells{{""}};
  cells[0].insert(cells[0].end(), columns_.begin(), columns_.end());
  std::size_t repetitions = 0;
  for (const auto& l : lines_) {
    auto& row = cells.emplace_back(std::vector<std::string>{l.name});
    for (const auto& v : l.values) {
      row.push_back(short_number(median(v)));
      repetitions = std::max(repetitions, v.size());
    }
  }
  std::vector<std::size_t> widths(columns_.size() + 1, 0);
  for (const auto& row : cells)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string out = title_;
  if (repetitions > 1) out += "  (medians of " + std::to_string(repetitions) + ")";
  out += "\n";
  for (const auto& row : cells) {
    out += "  ";
    for (std::size_t i = 0; i < row.size(); ++i)
      out += pad(row[i], widths[i], i == 0) + (i + 1 < row.size() ? "  " : "");
    out += "\n";
  }
  for (const auto& n : notes_) out += "  " + n + "\n";
  return out;
}

boost::json::object report::json() const {
  const auto number = [](double v) { return std::isnan(v) ? boost::json::value(nullptr) : boost::json::value(v); };
  boost::json::object rows;
  for (const auto& l : lines_) {
    boost::json::object row;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      auto v = l.values[i];
      std::erase_if(v, [](double x) { return std::isnan(x); });
      boost::json::object cell{{"median", number(median(v))}, {"n", v.size()}};
      if (!v.empty()) {
        cell["min"] = *std::min_element(v.begin(), v.end());
        cell["max"] = *std::max_element(v.begin(), v.end());
      }
      row[columns_[i]] = std::move(cell);
    }
    rows[l.name] = std::move(row);
  }
  return {{"title", title_},
          {"columns", boost::json::value_from(columns_)},
          {"rows", std::move(rows)},
          {"notes", boost::json::value_from(notes_)}};
}

}  // namespace berth::bench
