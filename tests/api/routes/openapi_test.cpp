// The description of the native face is compared with the routes that there are: neither may know more than the other.
#include <cctype>
#include <set>

#include "api/core/status_json.hpp"
#include "api/routes/event_routes.hpp"
#include "api/routes/health_routes.hpp"
#include "api/routes/metrics.hpp"
#include "api/routes/openapi.hpp"
#include "api/routes/v1_routes.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/router_call.hpp"

using namespace berth;
using namespace berth::api;

namespace {

boost::json::object document_of(const router& routes) {
  const auto reply = tests::get_from(routes, "/v1/openapi.json");
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
  snapshot_service snapshots{disk, {}};
  add_v1_routes(routes, {.core = nobody, .config = **config, .snapshots = snapshots, .texts = disk, .threads = {}});
  add_health_routes(routes, {.core = nobody, .ready = [] { return true; }, .silence = [] { return net::duration{}; }});
  add_event_routes(routes, {.core = nobody, .feed = feed});
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

namespace {

/// Each row stands in the description, in the answer and in the metrics, with its value: a number that no other has.
template <class Rows>
void check_rows(const Rows& rows, std::string_view prefix, const boost::json::object& described,
                const boost::json::object& answer, const std::string& metrics) {
  for (const auto& row : rows) {
    INFO(row.name);
    REQUIRE(described.contains(row.name));
    CHECK_FALSE(described.at(row.name).at("description").as_string().empty());
    REQUIRE(answer.contains(row.name));
    const auto value = boost::json::value_to<std::uint64_t>(answer.at(row.name));
    CHECK(value > 0);
    CHECK(metrics.find("berth_" + row.metric(prefix) + " " + std::to_string(value) + "\n") != std::string::npos);
  }
}

template <class Rows, class Struct>
void number(const Rows& rows, Struct& of, std::uint64_t from) {
  for (const auto& row : rows) of.*row.value = from++;
}

}  // namespace

TEST_CASE(
    "no figure of a stream, its media or the ports is missing in an answer, in the metrics or in the description") {
  router routes;
  add_openapi_route(routes);
  const auto document = boost::json::value(document_of(routes));
  const auto properties = [&](const std::string& schema) {
    return document.at_pointer("/components/schemas/" + schema + "/properties").as_object();
  };
  actors::stream_status s;
  s.media.emplace();
  actors::ports_report ports;
  number(net::stream_figures<std::uint64_t>, s.counters, 1001);
  number(net::media_figures<std::uint64_t>, s.media->counters, 2001);
  number(net::allocation_figures, ports.figures, 3001);
  number(net::pair_figures, ports.figures, 4001);
  actors::node_stats node;
  node.totals = s.counters;
  node.media = s.media->counters;
  node.ports = ports.figures;
  const auto metrics = metrics_text(node, {}, {});
  const auto stream = stream_json(s);
  check_rows(net::stream_figures<std::uint64_t>, "", properties("Stream"), stream, metrics);
  check_rows(net::media_figures<std::uint64_t>, "media_", properties("Media"), stream.at("media").as_object(), metrics);
  check_rows(net::allocation_figures, "allocations_", properties("Ports"), ports_json(ports), metrics);
  const auto described = properties("Ports");
  for (const auto& row : net::pair_figures) {
    INFO(row.name);
    CHECK(described.contains(row.name));
    CHECK(ports_json(ports).contains(row.name));
    const auto name = row.value == &net::allocator_figures::size ? std::string{"berth_ports_size "}
                                                                 : "berth_ports{status=\"" + row.metric("") + "\"} ";
    CHECK(metrics.find(name + std::to_string(ports.figures.*row.value) + "\n") != std::string::npos);
  }
}

TEST_CASE("every figure of the hooks is a metric, by the hook's name") {
  actors::hook_stats h;
  number(actors::hook_figures, h[actors::hook_name::play], 5001);
  const auto metrics = metrics_text({}, h, {});
  for (const auto& row : actors::hook_figures)
    CHECK(metrics.find("berth_" + row.metric("hooks_") + "{hook=\"on_play\"} " +
                       std::to_string(h[actors::hook_name::play].*row.value) + "\n") != std::string::npos);
}
