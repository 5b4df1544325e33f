// Curves as an SVG file that any browser shows.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace berth::bench {

/// A plot with one horizontal and one vertical axis. A value.
struct svg_plot {
  struct curve {
    std::string name;
    std::vector<std::pair<double, double>> points;  ///< by x, ascending
  };

  std::string title, x_label, y_label;
  bool logarithmic_x = false;
  bool logarithmic_y = false;
  std::vector<curve> curves;

  std::string text() const;
  /// Throws std::runtime_error if the file can not be written.
  void write(const std::filesystem::path& file) const;
};

}  // namespace berth::bench
