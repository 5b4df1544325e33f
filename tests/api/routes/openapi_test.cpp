// The description of the native face is compared with the routes that there are: neither may know more than the other.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cctype>
#include <set>

#include "api/routes/node.hpp"
#include "tests/support/catch.hpp"

using namespace berth;
using namespace berth::api;

namespace {

boost::json::object document_of(const router& routes) {
  http_request request;
  request.method = "GET";
  request.set_target("/v1/openapi.json");
  http_reply reply;
  boost::asio::io_context io;
  boost::asio::co_spawn(
      io, [&]() -> boost::asio::awaitable<void> { reply = co_await routes.dispatch(request); }, boost::asio::detached);
  io.run();
  REQUIRE(reply.status == 200);
  CHECK(reply.content_type == "application/json");
  return boost::json::parse(reply.body).as_object();
}

void find_references(const boost::json::value& v, std::set<std::string>& found) {
  if (const auto* o = v.if_object()) {
    for (const auto& [name, member] : *o) {
      if (name == "$ref") found.emplace(member.as_string());
      find_references(member, found);
    }
  } else if (const auto* a = v.if_array()) {
    for (const auto& item : *a) find_references(item, found);
  }
}

}  // namespace

TEST_CASE("the OpenAPI document describes every route of the native face, and no other") {
  caf::actor_system_config no_settings;
  caf::actor_system system{no_settings};
  const core_client nobody{system, {}, {}, {}};
  auto config = config_store::open({});
  REQUIRE(config);
  boost::asio::thread_pool disk{1};
  event_feed feed;
  router routes;
  boost::asio::io_context io;
  viewer_service media{io, 1, [] { return viewer_settings{}; }};
  recorder recordings{{disk, {}, {}}};
  net::posix_socket_factory sockets;
  const recording_archive archive{disk, {}};
  snapshot_service snapshots{disk, {}};
  rtc_service rtc{{}};
  const node n{nobody,
               **config,
               sockets,
               disk,
               feed,
               routes,
               media,
               recordings,
               archive,
               snapshots,
               rtc,
               [] {},
               [] { return true; },
               {},
               {}};
  add_v1_routes(routes, n);
  add_event_routes(routes, n);
  add_openapi_route(routes);

  const auto document = document_of(routes);
  std::vector<std::string> described;
  for (const auto& [path, item] : document.at("paths").as_object())
    for (const auto& [member, operation] : item.as_object()) {
      if (member == "parameters") continue;
      std::string method{member};
      for (auto& c : method) c = static_cast<char>(std::toupper(c));
      described.push_back(method + " " + std::string{path});
      CHECK_FALSE(operation.at("summary").as_string().empty());
      CHECK_FALSE(operation.at("responses").as_object().empty());
    }
  std::sort(described.begin(), described.end());
  CHECK(described == routes.templates());

  // What is referred to is there.
  std::set<std::string> references;
  find_references(document, references);
  CHECK(references.size() > 5);
  for (const auto& r : references) {
    INFO(r);
    REQUIRE(r.starts_with("#/"));
    boost::json::error_code missing;
    CHECK(boost::json::value(document).find_pointer(r.substr(1), missing) != nullptr);
  }
}
