// The arguments of a call to ZLMediaKit's face (/index/api/...), wherever the client put them: query, body or header.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/http_request.hpp"
#include "net/base/result.hpp"

namespace berth::api {

/// Merged arguments of one request. Names are case-insensitive; the query overrides the body; a name that is missing or
/// empty is looked up in the request's headers. An empty value is an absent one.
/// The typed getters refuse what they cannot read, with a text for -300 that names the field, the value and the range.
/// Refers to the request: used by one handler while it runs.
class arguments {
 public:
  explicit arguments(const http_request& request);

  /// The value, or "" when absent.
  std::string_view text(std::string_view name) const noexcept;
  std::string text_or(std::string_view name, std::string_view fallback) const;
  bool has(std::string_view name) const noexcept { return !text(name).empty(); }

  /// Decimal in spite of leading zeros; blanks around it do not matter; `fallback` when absent.
  net::result<std::int64_t, std::string> integer(std::string_view name, std::int64_t min, std::int64_t max,
                                                 std::int64_t fallback) const;
  /// 0...65535
  net::result<std::uint16_t, std::string> port(std::string_view name, std::uint16_t fallback = 0) const;
  /// 0...4294967295
  net::result<std::uint32_t, std::string> ssrc(std::string_view name, std::uint32_t fallback = 0) const;
  /// Seconds, milliseconds, counts and the like: 0...4294967295
  net::result<std::uint32_t, std::string> uint32(std::string_view name, std::uint32_t fallback = 0) const;
  /// "1" and "true" in any case; everything else that is present is false, "500" and "2" included: a known client sends
  /// such a number and depends on it.
  bool flag(std::string_view name, bool fallback = false) const noexcept;

  /// Nothing when all of them are there; else ZLMediaKit's text: the whole list, whichever is missing, and our remark.
  std::optional<std::string> require(const std::vector<std::string_view>& names,
                                     std::string_view separator = ", ") const;

  const http_request& request() const noexcept { return request_; }
  /// Whether the body was declared as JSON, for the calls that take nothing else.
  bool json_body() const noexcept { return json_body_; }
  /// Why the body, or a part of it, was not used; "" when it was.
  const std::string& remark() const noexcept { return remark_; }
  /// Body and query merged, one entry a name, as spelled by the client; empty values included, headers not.
  const name_values& all() const& noexcept { return all_; }
  const name_values& all() const&& = delete;  // a loop over a temporary's would dangle

 private:
  void set(std::string name, std::string value);
  void read_json(std::string_view body);

  const http_request& request_;
  name_values all_;
  bool json_body_ = false;
  std::string remark_;
};

}  // namespace berth::api
