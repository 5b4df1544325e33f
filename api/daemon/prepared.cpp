#include "api/daemon/prepared.hpp"

#include <cstdio>

#include "api/core/settings.hpp"

namespace berth::api {

std::string join(const config_errors& errors, std::string_view between) {
  std::string text;
  for (const auto& e : errors) text.append(e.to_string()).append(between);
  return text;
}

net::result<prepared, start_failure> prepare(const options& given) {
  config_sources sources;
  sources.file = given.config_file;
  sources.set_arguments = given.set;
  // The state directory is a setting itself, so the settings are read once without what is kept in it.
  const auto first = config::build(sources.read());
  if (!first) return net::failure{start_failure{2, join(first.error())}};
  const auto path = find_state_dir(daemon_settings_of(*first).state_dir, state_dir_environment::of_process());
  if (!path) return net::failure{start_failure{1, path.error()}};
  const auto dir = state_dir::open(*path);
  if (!dir) return net::failure{start_failure{1, dir.error()}};
  const auto secret = dir->secret();
  if (!secret) return net::failure{start_failure{1, secret.error()}};
  const auto id = dir->media_server_id();
  if (!id) return net::failure{start_failure{1, id.error()}};
  sources.generated = {{"api.secret", secret->text}, {"general.mediaServerId", id->text}};
  sources.overrides = dir->overrides_file();
  auto store = config_store::open(std::move(sources));
  if (!store) return net::failure{start_failure{2, join(store.error())}};
  return prepared{std::move(*store), *secret, dir->secret_file()};
}

void announce(const prepared& from, const config& c, std::uint16_t port) {
  const auto bound = net::endpoint::parse(daemon_settings_of(c).listen_ip, port);
  const auto shown = bound->is_any() ? net::endpoint::parse("127.0.0.1", port) : bound;
  const auto url = "http://" + shown->to_string();
  std::printf("listening %s\n", url.c_str());
  const bool kept = c.origin("api.secret") == "generated";
  if (kept && from.secret.made_now)
    std::printf("secret    %s (made now, kept in %s)\n", from.secret.text.c_str(), from.secret_file.c_str());
  else
    std::printf("secret    as set in %s\n", kept ? from.secret_file.c_str() : c.origin("api.secret").c_str());
  const auto secret = kept ? "$(cat " + from.secret_file.string() + ")" : std::string{"SECRET"};
  std::printf("try       curl \"%s/index/api/openRtpServer?port=0&stream_id=cam1&secret=%s\"\n", url.c_str(),
              secret.c_str());
  std::fflush(stdout);
}

}  // namespace berth::api
