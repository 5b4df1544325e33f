// JSON as people and shells like to read it.
#pragma once

#include <boost/json.hpp>
#include <string>

namespace berth::api {

/// RFC 8259, in one line, numbers in plain decimals: 1.5 where Boost.JSON writes 1.5E0. What is no number in JSON, an
/// infinity for example, is null.
std::string json_text(const boost::json::value& value);
std::string json_text(const boost::json::object& object);

}  // namespace berth::api
