#include "api/routes/source_arguments.hpp"

#include "api/core/settings.hpp"
#include "api/routes/open_arguments.hpp"
#include "api/text/url.hpp"

namespace berth::api {

net::result<net::source_options, std::string> read_source_arguments(const arguments& args, const config& settings) {
  net::source_options s;
  s.url = args.text("url");
  if (const auto url = split_url(s.url); !url) return net::failure{"url: " + url.error()};
  const auto transport = args.integer("rtp_type", 0, 2, 0);
  if (!transport) return net::failure{transport.error()};
  s.transport = static_cast<net::rtsp_transport>(*transport);
  const auto retries = args.integer("retry_count", -1, 1000000, -1);
  if (!retries) return net::failure{retries.error()};
  s.retries = static_cast<int>(*retries);
  const auto seconds = args.integer("timeout_sec", 0, 3600, 0);
  if (!seconds) return net::failure{seconds.error()};
  s.timeout = source_timeout(settings, *seconds);
  return s;
}

actors::publish_options publish_arguments(const arguments& args, const config& settings) {
  return actors::obey(node_settings_of(settings).publish, [&](std::string_view wanted) -> const std::string* {
    if (wanted == "stream_replace") return nullptr;
    for (const auto& [name, value] : args.all())
      if (name == wanted) return &value;
    return nullptr;
  });
}

actors::open_request open_request_of(const actors::stream_key& key, net::source_options source,
                                     actors::publish_options publish) {
  actors::sourced from;
  from.source = std::make_shared<const net::source_options>(std::move(source));
  from.publish = std::move(publish);
  actors::open_request r;
  r.key = key;
  r.what = std::move(from);
  r.idle_after = net::duration::zero();
  r.asked = net::clock::now();
  return r;
}

}  // namespace berth::api
