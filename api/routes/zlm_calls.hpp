// How a call of ZLMediaKit's face gets from the table of routes to the object that answers it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http/arguments.hpp"
#include "api/http/auth.hpp"
#include "api/http/json.hpp"
#include "api/http/router.hpp"
#include "api/http/run_on.hpp"
#include "api/routes/open_arguments.hpp"

namespace berth::api {

inline constexpr int bad_arguments = -300;

/// The calls that one object answers. Each is gone through in ZLMediaKit's order: who asks, whether all that is required
/// is there and every name can be one, then the call itself. Used while routes are added; the routes keep the object.
template <class Face>
class zlm_calls {
 public:
  using call = boost::asio::awaitable<http_reply> (Face::*)(const arguments&) const;

  /// `separator`: stands between the names of what is required when something is missing. ZLMediaKit has two ways to write
  /// that list, even within one group of calls.
  zlm_calls(router& to, std::string_view separator, const typename Face::needs& with)
      : to_(to), separator_(separator), face_(std::make_shared<const Face>(with)) {}

  void add(std::string_view name, std::vector<std::string_view> required, call c,
           std::optional<std::string_view> separator = {}) {
    to_.add(path_of(name), answer_of(std::move(required), c, separator.value_or(separator_)));
  }
  /// One whose answer is a long text, which is made on `where`.
  void add_aside(boost::asio::thread_pool& where, std::string_view name, std::vector<std::string_view> required, call c,
                 std::optional<std::string_view> separator = {}) {
    to_.add(path_of(name), aside(where, answer_of(std::move(required), c, separator.value_or(separator_))));
  }

 private:
  static std::string path_of(std::string_view name) { return "/index/api/" + std::string{name}; }
  handler answer_of(std::vector<std::string_view> required, call c, std::string_view separator) const {
    return [face = face_, separator, required = std::move(required),
            c](const http_request& request) -> boost::asio::awaitable<http_reply> {
      const arguments args{request};
      if (auto refused = refuse_zlm(request, args)) co_return std::move(*refused);
      if (auto missing = args.require(required, separator)) co_return admitted(zlm_error(bad_arguments, *missing));
      if (auto bad = bad_name(args)) co_return admitted(zlm_error(bad_arguments, *bad));
      co_return admitted(co_await ((*face).*c)(args));
    };
  }

  router& to_;
  std::string_view separator_;
  std::shared_ptr<const Face> face_;
};

}  // namespace berth::api
