#include "api/text/json_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace berth::api {
namespace {

namespace json = boost::json;

bool has_decimals(const json::value& value);
bool has_decimals(const json::object& object) {
  return std::any_of(object.begin(), object.end(), [](const auto& member) { return has_decimals(member.value()); });
}
bool has_decimals(const json::value& value) {
  if (const auto* object = value.if_object()) return has_decimals(*object);
  if (const auto* array = value.if_array())
    return std::any_of(array->begin(), array->end(), [](const auto& v) { return has_decimals(v); });
  return value.is_double();
}

void write(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  std::array<char, 512> digits;
  const auto [end, failed] =
      std::to_chars(digits.data(), digits.data() + digits.size(), number, std::chars_format::fixed);
  out.append(digits.data(), end);
}

void write(std::string& out, const json::value& value);

void write(std::string& out, const json::object& object) {
  char before = '{';
  for (const auto& member : object) {
    out += before;
    before = ',';
    out += json::serialize(member.key());
    out += ':';
    write(out, member.value());
  }
  out += before == '{' ? "{}" : "}";
}

void write(std::string& out, const json::value& value) {
  if (!has_decimals(value)) {
    out += json::serialize(value);
  } else if (const auto* object = value.if_object()) {
    write(out, *object);
  } else if (const auto* array = value.if_array()) {
    char before = '[';
    for (const auto& v : *array) {
      out += before;
      before = ',';
      write(out, v);
    }
    out += ']';  // it has decimals: it is not empty
  } else {
    write(out, value.get_double());
  }
}

}  // namespace

std::string json_text(const json::value& value) {
  std::string out;
  write(out, value);
  return out;
}

std::string json_text(const json::object& object) {
  if (!has_decimals(object)) return json::serialize(object);
  std::string out;
  write(out, object);
  return out;
}

}  // namespace berth::api
