#include "api/http/auth.hpp"

#include "api/http/json.hpp"

namespace berth::api {
namespace {

constexpr std::string_view address_refused = "Your ip is not allowed to access the service.";

}  // namespace

// Takes as long as what was given is, however much of it is right.
bool same_secret(std::string_view given, std::string_view expected) noexcept {
  if (expected.empty()) return false;
  volatile unsigned char differs = given.size() == expected.size() ? 0 : 1;
  for (std::size_t i = 0, k = 0; i < given.size(); ++i, k = k + 1 < expected.size() ? k + 1 : 0)
    differs = static_cast<unsigned char>(differs | static_cast<unsigned char>(given[i] ^ expected[k]));
  return differs == 0;
}

net::endpoint client_address(const http_request& request) {
  const auto& name = request.settings->forwarded_ip_header;
  if (name.empty()) return request.peer;
  auto text = request.header(name);
  if (text.empty()) return request.peer;
  if (const auto comma = text.rfind(','); comma != std::string_view::npos) text.remove_prefix(comma + 1);
  return net::endpoint::parse(trim(text), 0).value_or(net::endpoint{});
}

bool address_allowed(const http_request& request) {
  return request.settings->allowed.contains(client_address(request));
}

std::optional<http_reply> refuse_address(const http_request& request) {
  if (address_allowed(request)) return std::nullopt;
  return zlm_error(-100, address_refused);
}

std::optional<http_reply> refuse_zlm(const http_request& request, const arguments& args) {
  if (auto refused = refuse_address(request)) return refused;
  const auto given = args.text("secret");
  if (given.empty()) return zlm_error(-100, "Please login first: no secret was given");
  if (!same_secret(given, request.settings->secret)) return zlm_error(-100, "Please login first: the secret is wrong");
  return std::nullopt;
}

std::optional<http_reply> refuse_bearer(const http_request& request) {
  if (!address_allowed(request)) return problem(403, address_refused, request.raw_path());

  constexpr std::string_view scheme = "Bearer ";
  const auto given = request.header("Authorization");
  const bool bearer = starts_with_ignoring_case(given, scheme);
  if (bearer && same_secret(trim(given.substr(scheme.size())), request.settings->secret)) return std::nullopt;
  auto reply = problem(401, bearer ? "the bearer token is wrong" : "an Authorization: Bearer header is needed",
                       request.raw_path());
  // RFC 6750 3: no error code for a request without credentials.
  reply.headers.emplace_back("WWW-Authenticate",
                             bearer ? "Bearer realm=\"berth\", error=\"invalid_token\"" : "Bearer realm=\"berth\"");
  return reply;
}

}  // namespace berth::api
