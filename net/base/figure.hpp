// A figure's row: from it lists, the native face, metrics and their description are made, so that none of them forgets
// one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace berth::net {

enum class figure_kind : std::uint8_t {
  total,  ///< counts up
  level,  ///< goes up and down, or is measured anew
};

/// One number of a struct, by its JSON name. The name of its metric is derived: "berth_" and what the struct's metrics
/// begin with, the name, and "_total" behind what counts up.
template <class Struct, class Number = std::uint64_t>
struct figure {
  std::string_view name;
  figure_kind kind = figure_kind::total;
  Number Struct::*value;
  std::string_view help;           ///< a sentence; the unit stands in it where it is not "how many"
  std::string_view metric_name{};  ///< where it is not the derived one

  std::string metric(std::string_view prefix) const {
    if (!metric_name.empty()) return std::string{metric_name};
    return std::string{prefix}.append(name).append(kind == figure_kind::total ? "_total" : "");
  }
};

}  // namespace berth::net
