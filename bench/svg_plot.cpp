#include "bench/svg_plot.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <stdexcept>

#include "bench/report.hpp"

namespace berth::bench {
namespace {

constexpr double width = 760, height = 420, left = 78, right = 24, top = 58, bottom = 56;
constexpr std::array<const char*, 6> colors{"#1f5fa8", "#c8502c", "#3a8a4d", "#8a4fa3", "#8c6d1f", "#4d4d4d"};

std::string number(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", v);
  return text;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : std::string(1, c);
  return out;
}

std::string label(double x, double y, const std::string& text, const std::string& more) {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" " + more + ">" + escaped(text) + "</text>\n";
}

/// From values to places on one axis.
class axis {
 public:
  axis(double low, double high, bool logarithmic) : logarithmic_(logarithmic) {
    if (logarithmic) {
      low_ = std::floor(std::log10(std::max(low, 1e-9)));
      high_ = std::ceil(std::log10(std::max(high, 1e-9)));
    } else {
      const double raw = std::max(high, 1e-9) / 5;
      const double power = std::pow(10, std::floor(std::log10(raw)));
      step_ = std::ceil(raw / power / 2) * 2 * power;
      if (raw / power <= 1) step_ = power;
      high_ = std::ceil(high / step_) * step_;
    }
    if (high_ <= low_) high_ = low_ + 1;
  }
  double place(double v) const {
    const double at = logarithmic_ ? std::log10(std::max(v, 1e-9)) : v;
    return (at - low_) / (high_ - low_);
  }
  std::vector<double> ticks() const {
    std::vector<double> all;
    if (logarithmic_)
      for (double e = low_; e <= high_; ++e) all.push_back(std::pow(10, e));
    else
      for (double v = low_; v <= high_ + step_ / 2; v += step_) all.push_back(v);
    return all;
  }

 private:
  bool logarithmic_;
  double low_ = 0, high_ = 1, step_ = 1;
};

}  // namespace

std::string svg_plot::text() const {
  double x_low = 1e300, x_high = -1e300, y_low = 1e300, y_high = -1e300;
  for (const auto& c : curves)
    for (const auto& [x, y] : c.points) {
      x_low = std::min(x_low, x), x_high = std::max(x_high, x);
      y_low = std::min(y_low, y), y_high = std::max(y_high, y);
    }
  if (x_low > x_high) x_low = y_low = 0, x_high = y_high = 1;
  const axis xs{logarithmic_x ? x_low : 0, x_high, logarithmic_x}, ys{y_low, y_high, logarithmic_y};
  const auto x_at = [&](double v) { return left + xs.place(v) * (width - left - right); };
  const auto y_at = [&](double v) { return height - bottom - ys.place(v) * (height - top - bottom); };

  std::string out =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + number(width) + " " + number(height) +
      "\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
  out += label(left, 24, title, "font-size=\"15\" font-weight=\"bold\"");
  for (const double v : ys.ticks()) {
    out += "<line x1=\"" + number(left) + "\" x2=\"" + number(width - right) + "\" y1=\"" + number(y_at(v)) +
           "\" y2=\"" + number(y_at(v)) + "\" stroke=\"#ddd\"/>\n";
    out += label(left - 8, y_at(v) + 4, short_number(v), "text-anchor=\"end\"");
  }
  for (const double v : xs.ticks()) {
    out += "<line x1=\"" + number(x_at(v)) + "\" x2=\"" + number(x_at(v)) + "\" y1=\"" + number(height - bottom) +
           "\" y2=\"" + number(height - bottom + 5) + "\" stroke=\"#333\"/>\n";
    out += label(x_at(v), height - bottom + 19, short_number(v), "text-anchor=\"middle\"");
  }
  out += "<path d=\"M" + number(left) + " " + number(top) + "V" + number(height - bottom) + "H" +
         number(width - right) + "\" fill=\"none\" stroke=\"#333\"/>\n";
  out += label((left + width - right) / 2, height - 14, x_label, "text-anchor=\"middle\"");
  out += label(
      0, 0, y_label,
      "text-anchor=\"middle\" transform=\"translate(18 " + number((top + height - bottom) / 2) + ") rotate(-90)\"");
  double legend = left;
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const std::string color = colors[i % colors.size()];
    std::string path;
    for (const auto& [x, y] : curves[i].points)
      path += (path.empty() ? "M" : "L") + number(x_at(x)) + " " + number(y_at(y));
    out += "<path d=\"" + path + "\" fill=\"none\" stroke=\"" + color + "\" stroke-width=\"2\"/>\n";
    if (curves[i].points.size() < 40)
      for (const auto& [x, y] : curves[i].points)
        out +=
            "<circle cx=\"" + number(x_at(x)) + "\" cy=\"" + number(y_at(y)) + "\" r=\"3\" fill=\"" + color + "\"/>\n";
    const double x = legend;
    legend += 54 + 7.0 * static_cast<double>(curves[i].name.size());
    out += "<line x1=\"" + number(x) + "\" x2=\"" + number(x + 22) + "\" y1=\"42\" y2=\"42\" stroke=\"" + color +
           "\" stroke-width=\"2\"/>\n";
    out += label(x + 28, 46, curves[i].name, "");
  }
  return out + "</svg>\n";
}

void svg_plot::write(const std::filesystem::path& file) const {
  std::ofstream out{file};
  out << text();
  if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
}

}  // namespace berth::bench
