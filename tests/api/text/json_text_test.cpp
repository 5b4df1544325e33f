#include "api/text/json_text.hpp"

#include <limits>

#include "tests/support/catch.hpp"

using berth::api::json_text;
namespace json = boost::json;

TEST_CASE("json_text: numbers are plain decimals") {
  const json::object o{{"a", 1.5},
                       {"b", 0.0},
                       {"c", -1.0},
                       {"d", 7},
                       {"e", json::array{0.1, "x\"y", json::object{{"f", 25.0}}}},
                       {"g", 1e21},
                       {"h", 1e-7},
                       {"i", std::numeric_limits<double>::infinity()},
                       {"j", json::object{}},
                       {"k", nullptr}};
  const auto text = json_text(o);
  CHECK(text ==
        R"({"a":1.5,"b":0,"c":-1,"d":7,"e":[0.1,"x\"y",{"f":25}],"g":1000000000000000000000,"h":0.0000001,"i":null,)"
        R"("j":{},"k":null})");
  CHECK(json_text(json::value(o)) == text);
  CHECK(json_text(json::object{{"a", 1}}) == R"({"a":1})");
  CHECK(json_text(json::value(std::numeric_limits<double>::max())).size() == 309);
}
