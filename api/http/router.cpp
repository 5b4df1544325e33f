#include "api/http/router.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "api/http/json.hpp"

namespace berth::api {
namespace {

using boost::asio::awaitable;

constexpr std::array<std::string_view, 4> call_methods{"GET", "POST", "PUT", "DELETE"};
constexpr std::string_view all_methods = "GET, POST, PUT, HEAD, OPTIONS, DELETE";

bool is_call(std::string_view method) noexcept {
  return std::find(call_methods.begin(), call_methods.end(), method) != call_methods.end();
}

std::string_view next_segment(std::string_view& path) noexcept {
  const auto slash = path.find('/');
  const auto segment = path.substr(0, slash);
  path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
  return segment;
}

using path_parts = boost::container::small_vector<std::string_view, 8>;

path_parts split_path(std::string_view path) {
  path_parts parts;
  if (path.starts_with('/')) path.remove_prefix(1);
  const bool open_end = path.ends_with('/');
  while (!path.empty()) parts.push_back(next_segment(path));
  if (open_end) parts.emplace_back();
  return parts;
}

bool is_parameter(std::string_view part) noexcept {
  return part.size() > 2 && part.front() == '{' && part.back() == '}';
}

bool is_native(const http_request& request) noexcept { return request.path.starts_with("/v1/"); }

// Section 1.11 of the contract: what a browser asks before it calls, and what else old clients print.
http_reply options_reply(const http_request& request, std::string_view allow) {
  http_reply reply;
  reply.close = true;
  reply.headers.emplace_back("Allow", allow);
  if (request.settings->allow_cross_domains) {
    reply.headers.emplace_back("Access-Control-Allow-Origin", "*");
    reply.headers.emplace_back("Access-Control-Allow-Methods", allow);
    // The asterisk does not stand for Authorization, which has to be named.
    reply.headers.emplace_back("Access-Control-Allow-Headers", is_native(request) ? "*, Authorization" : "*");
  }
  reply.headers.emplace_back("Access-Control-Allow-Credentials", "true");
  reply.headers.emplace_back("Access-Control-Request-Methods", "GET, POST, PUT, OPTIONS, DELETE");
  reply.headers.emplace_back("Access-Control-Request-Headers", "Accept,Accept-Language,Content-Language,Content-Type");
  return reply;
}

http_reply not_found(const http_request& request) {
  if (is_native(request)) return problem(404, "there is nothing at this path", request.raw_path());
  http_reply reply;
  reply.status = 404;
  if (request.method == "GET") {
    reply.content_type = "text/html";
    reply.body = request.settings->not_found;
  }
  return reply;
}

}  // namespace

// FNV-1a, of the bytes as they are compared.
std::size_t router::same_path::operator()(std::string_view path) const noexcept {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : path) hash = (hash ^ static_cast<unsigned char>(to_lower(c))) * 0x100000001b3;
  return static_cast<std::size_t>(hash);
}

void router::add(std::string path, handler answer) { exact_.insert_or_assign(std::move(path), std::move(answer)); }

void router::add(std::string method, std::string path, handler answer) {
  pattern p{std::move(method), {}, std::move(answer)};
  for (const auto part : split_path(path)) p.parts.emplace_back(part);
  patterns_.push_back(std::move(p));
}

std::vector<std::string> router::paths() const {
  std::vector<std::string> out;
  for (const auto& [path, answer] : exact_) out.push_back(path);
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::string> router::templates() const {
  std::vector<std::string> out;
  for (const auto& p : patterns_) {
    auto& text = out.emplace_back(p.method + " ");
    for (const auto& part : p.parts) text += "/" + part;
  }
  std::sort(out.begin(), out.end());
  return out;
}

router::matches router::find_patterns(const http_request& request) const {
  const auto given = split_path(request.raw_path());
  matches found;
  std::size_t most_fixed = 0;
  for (const auto& p : patterns_) {
    if (p.parts.size() != given.size()) continue;
    std::size_t fixed = 0;
    bool same = true;
    for (std::size_t i = 0; same && i < given.size(); ++i) {
      if (is_parameter(p.parts[i])) {
        same = !given[i].empty();
      } else {
        same = p.parts[i] == percent_decode(given[i]);
        ++fixed;
      }
    }
    if (!same || fixed < most_fixed) continue;
    if (fixed > most_fixed) found.clear();
    most_fixed = fixed;
    found.push_back(&p);
  }
  return found;
}

const router::pattern* router::with_method(const matches& found, std::string_view method) {
  const auto p = std::find_if(found.begin(), found.end(), [method](const auto* f) { return f->method == method; });
  if (p != found.end()) return *p;
  return method == "HEAD" ? with_method(found, "GET") : nullptr;
}

awaitable<http_reply> router::dispatch(http_request& request) const {
  const auto found = find_patterns(request);
  if (!found.empty()) {
    std::string allow = "OPTIONS";
    for (const auto* p : found) allow += (p->method == "GET" ? ", GET, HEAD" : ", " + p->method);
    if (request.method == "OPTIONS") co_return options_reply(request, allow);
    const auto* p = with_method(found, request.method);
    if (p == nullptr) {
      auto reply = problem(405, request.method + " is not possible here; possible is " + allow, request.raw_path());
      reply.headers.emplace_back("Allow", std::move(allow));
      co_return reply;
    }
    const auto given = split_path(request.raw_path());
    request.segments.clear();
    for (std::size_t i = 0; i < given.size(); ++i)
      if (const std::string_view part{p->parts[i]}; is_parameter(part))
        request.segments.emplace_back(part.substr(1, part.size() - 2), percent_decode(given[i]));
    co_return co_await p->answer(request);
  }

  if (request.method == "OPTIONS") co_return options_reply(request, all_methods);
  const auto route = exact_.find(std::string_view{request.path});
  if (request.method == "HEAD" && !is_native(request)) co_return http_reply{};
  if (!is_call(request.method)) {
    http_reply reply;
    reply.status = 405;
    reply.headers.emplace_back("Allow", all_methods);
    reply.close = true;
    co_return reply;
  }
  if (route == exact_.end()) {
    if (fallback_ && request.method == "GET" && !is_native(request)) co_return co_await fallback_(request);
    co_return not_found(request);
  }
  co_return co_await route->second(request);
}

}  // namespace berth::api
