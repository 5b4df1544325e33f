// The table is sound, layers win in their order, every error is found at once, and the printed form reads back.
#include "api/config/config.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <string>

#include "api/config/config_value.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace berth;
using namespace berth::api;
using namespace std::chrono_literals;

namespace {

config_layers command_line(const std::vector<std::string>& arguments) {
  config_layers layers;
  layers.command_line = parse_set_arguments(arguments);
  return layers;
}

config must(const config_layers& layers) {
  auto built = config::build(layers);
  if (!built)
    for (const auto& e : built.error()) UNSCOPED_INFO(e.to_string());
  REQUIRE(built);
  return *built;
}

config_errors errors_of(const config_layers& layers) {
  const auto built = config::build(layers);
  return built ? config_errors{} : built.error();
}

/// The only error of one --set argument.
config_error error_of(const std::string& argument) {
  const auto errors = errors_of(command_line({argument}));
  INFO(argument);
  REQUIRE(errors.size() == 1);
  return errors.front();
}

bool accepts(const std::string& argument) { return errors_of(command_line({argument})).empty(); }

bool says(const config_error& e, std::string_view text) { return e.to_string().find(text) != std::string::npos; }

/// True when `use` ends the process by abort().
template <class F>
bool aborts(F use) {
  const auto child = ::fork();
  if (child == 0) {
    ::signal(SIGABRT, SIG_DFL);
    ::dup2(::open("/dev/null", O_WRONLY), STDERR_FILENO);
    use();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

}  // namespace

// ---- the table ----------------------------------------------------------------------------------------------------

TEST_CASE("config table: names are unique, have a section, a sentence and a default that is valid") {
  std::set<std::string_view> names;
  std::set<std::string_view> finished;
  std::string_view section;
  for (const auto& key : config_keys()) {
    INFO(key.name);
    CHECK(names.insert(key.name).second);
    CHECK(key.name.find('.') != std::string_view::npos);
    CHECK(key.sentence.ends_with('.'));
    CHECK(parse_config_value(key, key.default_text));
    CHECK(find_config_key(key.name) == &key);
    // All keys of a section stand together, so that the printed file has each heading once.
    if (key.section() != section) {
      CHECK(finished.insert(section).second);
      section = key.section();
      CHECK(finished.count(section) == 0);
    }
    const bool has_limits = key.type == value_type::integer || key.type == value_type::number;
    CHECK(has_limits == (key.min < key.max));
    CHECK((key.type == value_type::choice) == !key.choices.empty());
  }
  CHECK(find_config_key("http.Port") == nullptr);
}

TEST_CASE("config table: what controllers rely on") {
  const config c;
  CHECK(c.text("hook.alive_interval") == "10.0");
  CHECK(find_config_key("transcode.suffix") == nullptr);
  // A port that is announced but not served would end up in a URL that a viewer is sent to.
  for (const auto* key : {"rtsp.port", "rtsp.sslport", "rtmp.port", "rtmp.sslport", "srt.port", "rtc.port",
                          "rtc.tcpPort", "rtc.signalingPort", "rtc.signalingSslPort", "rtc.icePort", "rtc.iceTcpPort",
                          "onvif.port", "shell.port", "http.sslport"}) {
    INFO(key);
    CHECK(c.get_int(key) == 0);
  }
  CHECK(c.get_int("http.port") == 80);
  CHECK(c.get_int("rtp_proxy.port") == 10000);
  CHECK(c.get_int("rtp_proxy.timeoutSec") == 15);
  CHECK(c.get_int("rtp_proxy.udp_recv_socket_buffer") == 1048576);
  CHECK(c.get_port_range("rtp_proxy.port_range") == net::port_range{30000, 35000});
  for (const auto* key : {"hook.on_play",
                          "hook.on_publish",
                          "hook.on_server_started",
                          "hook.on_stream_changed",
                          "hook.on_stream_none_reader",
                          "hook.on_stream_not_found",
                          "hook.on_server_keepalive",
                          "hook.on_send_rtp_stopped",
                          "hook.on_rtp_server_timeout",
                          "hook.on_record_mp4",
                          "hook.on_flow_report",
                          "hook.on_http_access",
                          "hook.on_record_ts",
                          "hook.on_rtsp_auth",
                          "hook.on_rtsp_realm",
                          "hook.on_shell_login",
                          "protocol.continue_push_ms",
                          "protocol.mp4_save_path",
                          "record.appName",
                          "hook.enable",
                          "hook.timeoutSec"}) {
    INFO(key);
    REQUIRE(find_config_key(key) != nullptr);
    CHECK(find_config_key(key)->access == key_access::normal);
  }
  CHECK(find_config_key("ffmpeg.bin")->access == key_access::api_read_only);
  CHECK(find_config_key("ffmpeg.snap")->access == key_access::api_read_only);
}

TEST_CASE("config table: a slip finds the key that was meant, nonsense finds none") {
  CHECK(nearest_config_key("rtp_proxy.timeoutsec") == "rtp_proxy.timeoutSec");
  CHECK(nearest_config_key("rtp_proxy.port_rang") == "rtp_proxy.port_range");
  CHECK(nearest_config_key("rtpproxy.quarantine_sec") == "rtp_proxy.quarantine_sec");
  CHECK(nearest_config_key("mediaServerId") == "general.mediaServerId");
  CHECK(nearest_config_key("api.mediaServerId") == "general.mediaServerId");
  CHECK(nearest_config_key("entirely.unheard_of_words").empty());
  CHECK(nearest_config_key("").empty());
  CHECK(nearest_config_key(std::string(100000, 'x')).empty());
}

// ---- values -------------------------------------------------------------------------------------------------------

TEST_CASE("config: each type says what it takes") {
  CHECK(accepts("hook.enable=TRUE"));
  CHECK(accepts("hook.enable=off"));
  CHECK(says(error_of("hook.enable=2"), "hook.enable: '2' is not 0 or 1"));
  CHECK(says(error_of("http.port=abc"), "http.port: 'abc' is not an integer within 0..65535"));
  CHECK(says(error_of("http.port="), "is not an integer"));
  CHECK(says(error_of("http.port=80x"), "is not an integer"));
  CHECK(says(error_of("http.port=70000"), "http.port: 70000 is not within 0..65535"));
  CHECK(says(error_of("http.port=-1"), "not within"));
  CHECK(says(error_of("http.port=99999999999999999999"), "is not an integer"));
  CHECK(says(error_of("http.maxUploadSize=1099511627777"), "0..1099511627776"));
  CHECK(accepts("rtp_proxy.quarantine_sec=0.5"));
  CHECK(says(error_of("rtp_proxy.quarantine_sec=nan"), "not within"));
  CHECK(says(error_of("rtp_proxy.quarantine_sec=inf"), "not within"));
  CHECK(says(error_of("rtp_proxy.quarantine_sec=-1"), "not within"));
  CHECK(accepts("rtp_proxy.on_conflict=replace"));
  CHECK(says(error_of("rtp_proxy.on_conflict=rep"), "error|reuse|replace"));
  CHECK(says(error_of("rtp_proxy.on_conflict="), "error|reuse|replace"));
  CHECK(accepts("general.listen_ip=127.0.0.1"));
  CHECK(says(error_of("general.listen_ip=localhost"), "is not a numeric IPv4 or IPv6 address"));
  CHECK(accepts("hook.on_publish=https://wvp_server:18080/index/hook/on_publish"));
  CHECK(accepts("hook.on_publish=http://[::1]:80/x?a=b"));
  CHECK(accepts("hook.on_publish="));
  CHECK(says(error_of("hook.on_publish=wvp:18080/x"), "is not an http:// or https:// URL"));
  CHECK(says(error_of("hook.on_publish=ftp://a/"), "is not an http:// or https:// URL"));
  CHECK(says(error_of("hook.on_publish=http:///x"), "names no host"));
  CHECK(says(error_of("hook.on_publish=http://a:70000/"), "1..65535"));
  CHECK(accepts("http.allow_ip_range="));
  CHECK(says(error_of("http.allow_ip_range=10.0.0.300"), "10.0.0.300"));
  CHECK(says(error_of("http.allow_ip_range=, ,"), "names no address"));
  CHECK(says(error_of("http.charSet=a\x01"), "control character"));
  CHECK(says(error_of("http.charSet=a\nb"), "control character"));
  CHECK(says(error_of("http.notFound=\xff"), "UTF-8"));
}

TEST_CASE("config: a port range must be one, upright, within the ports, and hold a pair") {
  CHECK(accepts("rtp_proxy.port_range=40000-40001"));
  CHECK(accepts("rtp_proxy.port_range= 40000 - 65535 "));
  for (const auto* text : {"", "30000", "30000-", "-35000", "a-b", "30000-35000-36000", "30000,35000"}) {
    INFO(text);
    CHECK(says(error_of(std::string{"rtp_proxy.port_range="} + text), "is not a range of ports"));
  }
  CHECK(says(error_of("rtp_proxy.port_range=35000-30000"), "write 30000-35000"));
  CHECK(says(error_of("rtp_proxy.port_range=0-100"), "1..65535"));
  CHECK(says(error_of("rtp_proxy.port_range=65000-65536"), "1..65535"));
  CHECK(says(error_of("rtp_proxy.port_range=40000-40000"), "no pair"));
  CHECK(says(error_of("rtp_proxy.port_range=40001-40002"), "no pair"));
}

TEST_CASE("config: typed getters, and texts as they were written") {
  const auto c = must(command_line({"hook.enable=yes", "hook.alive_interval=10.00", "rtp_proxy.relearn_ms=250",
                                    "http.allow_ip_range=10.0.0.0-10.0.0.9"}));
  CHECK(c.get_bool("hook.enable"));
  CHECK(c.text("hook.enable") == "1");
  CHECK(c.text("hook.alive_interval") == "10.00");
  CHECK(c.get_number("hook.alive_interval") == 10.0);
  CHECK(c.get_number("hook.timeoutSec") == 10.0);
  CHECK(c.get_seconds("hook.retry_delay") == 3s);
  CHECK(c.get_milliseconds("rtp_proxy.relearn_ms") == 250ms);
  CHECK(must(command_line({"rtp_proxy.quarantine_sec=0.1"})).get_seconds("rtp_proxy.quarantine_sec") == 100ms);
  CHECK(c.get_ip_ranges("http.allow_ip_range").contains(*net::endpoint::parse("10.0.0.9", 0)));
  CHECK_FALSE(c.get_ip_ranges("http.allow_ip_range").contains(*net::endpoint::parse("10.0.0.10", 0)));
  CHECK(c.get_text("rtp_proxy.source_policy") == "learn");
  CHECK(c.all().size() == config_keys().size());
  CHECK(c.all().at("http.port") == "80");
}

TEST_CASE("config: a getter of an unknown key, or of another type, ends the program") {
  const config c;
  CHECK(aborts([&] { static_cast<void>(c.get_int("http.prt")); }));
  CHECK(aborts([&] { static_cast<void>(c.get_bool("http.port")); }));
  CHECK(aborts([&] { static_cast<void>(c.get_text("http.port")); }));
  CHECK(aborts([&] { static_cast<void>(c.get_int("rtp_proxy.quarantine_sec")); }));
  CHECK_FALSE(aborts([&] { static_cast<void>(c.get_int("http.port")); }));
}

// ---- layers -------------------------------------------------------------------------------------------------------

TEST_CASE("config: defaults < file < overrides < --set, and each value knows where it comes from") {
  const tests::temporary_directory dir;
  config_layers layers;
  layers.file = read_config_layer(dir.write("berth.ini", "[hook]\ntimeoutSec=1\nretry=1\n\nretry_delay=1\nenable=1\n"));
  layers.overrides = read_config_layer(dir.write("overrides.ini", "[hook]\nretry=2\nretry_delay=2\n"));
  layers.command_line = parse_set_arguments({"hook.retry_delay=3", "hook.alive_interval=4", "hook.alive_interval=5"});
  const auto c = must(layers);
  CHECK(c.get_int("hook.timeoutSec") == 1);
  CHECK(c.get_int("hook.retry") == 2);
  CHECK(c.get_number("hook.retry_delay") == 3);
  CHECK(c.get_number("hook.alive_interval") == 5);
  CHECK(c.origin("http.port") == "default");
  CHECK(c.origin("hook.timeoutSec") == (dir / "berth.ini").string() + ":2");
  CHECK(c.origin("hook.enable") == (dir / "berth.ini").string() + ":6");
  CHECK(c.origin("hook.retry") == (dir / "overrides.ini").string() + ":2");
  CHECK(c.origin("hook.retry_delay") == "--set");
}

TEST_CASE("config: generated values fill what is empty, and a secret that everybody knows") {
  auto layers = command_line({"general.mediaServerId=mine"});
  layers.generated = {{"api.secret", "random"}, {"general.mediaServerId", "made"}};
  auto c = must(layers);
  CHECK(c.get_text("api.secret") == "random");
  CHECK(c.origin("api.secret") == "generated");
  CHECK(c.get_text("general.mediaServerId") == "mine");
  CHECK(c.warnings({}).empty());

  layers.command_line = parse_set_arguments({"api.secret=035c73f7-bb6b-4889-a715-d9eb2d1925cc"});
  c = must(layers);
  CHECK(c.get_text("api.secret") == "random");
  REQUIRE(c.warnings({}).size() == 1);
  CHECK(c.warnings({}).front().key == "api.secret");
}

TEST_CASE("config: every error of every layer at once, with its place") {
  const tests::temporary_directory dir;
  config_layers layers;
  layers.file = read_config_layer(dir.write("berth.ini",
                                            "[http]\nport=70000\nprot=1\nport=81\n[rtp_proxy]\nport_range=9-8\n"
                                            "timeoutSec=x\njunk\n[htpt]\nport=1\n"));
  layers.command_line = parse_set_arguments({"hook.enabel=1", "noequals", "http.keepAliveSecond=0"});
  const auto errors = errors_of(layers);
  const auto file = (dir / "berth.ini").string();
  for (const auto& text :
       {file + ":2: http.port: 70000 is not within 0..65535",
        file + ":3: http.prot: there is no such key; did you mean http.port?", file + ":4: http.port: given twice",
        file + ":6: rtp_proxy.port_range: 9-8 is upside down: write 8-9", file + ":7: rtp_proxy.timeoutSec: 'x'",
        file + ":8: 'junk' has no '='", file + ":10: htpt.port: there is no such key; did you mean http.port?",
        std::string{"--set: hook.enabel: there is no such key; did you mean hook.enable?"},
        std::string{"--set: 'noequals' is not section.key=value"},
        std::string{"--set: http.keepAliveSecond: 0 is not within 1..86400"}}) {
    INFO(text);
    CHECK(std::count_if(errors.begin(), errors.end(), [&](const config_error& e) { return says(e, text); }) == 1);
  }
  CHECK(errors.size() == 10);
}

TEST_CASE("config: saved keys that do not exist or are not the API's are skipped with a remark") {
  const tests::temporary_directory dir;
  config_layers layers;
  layers.overrides = read_config_layer(dir.write(
      "overrides.ini", "[old]\nkey=1\n[ffmpeg]\nbin=/tmp/x\n[berth]\nstate_dir=/elsewhere\n[hook]\nretry=7\n"));
  const auto c = must(layers);
  CHECK(c.get_int("hook.retry") == 7);
  CHECK(c.get_text("ffmpeg.bin") == "/usr/bin/ffmpeg");
  CHECK(c.get_text("berth.state_dir").empty());
  CHECK(c.warnings({}).size() == 3);
}

TEST_CASE("config: a file that can not be read is an error, unless it may be missing and is") {
  const tests::temporary_directory dir;
  const auto missing = read_config_layer(dir / "none.ini");
  REQUIRE(missing.errors.size() == 1);
  CHECK(says(missing.errors[0], "none.ini: No such file or directory"));
  CHECK(read_config_layer(dir / "none.ini", true).errors.empty());
  CHECK(read_config_layer(dir.path(), true).errors.size() == 1);
}

TEST_CASE("config: a secret does not get into an error") {
  const auto errors = errors_of(command_line({"api.secret=hush\x01hush"}));
  REQUIRE(errors.size() == 1);
  CHECK_FALSE(says(errors[0], "hush"));
  CHECK(says(error_of("api.secret=***"), "mask"));
}

// ---- checks across keys -------------------------------------------------------------------------------------------

TEST_CASE("config: no port of the node inside its pool") {
  auto e = error_of("rtp_proxy.port=30000");
  CHECK(e.key == "rtp_proxy.port");
  CHECK(says(e, "rtp_proxy.port 30000 (--set) lies inside rtp_proxy.port_range 30000-35000 (default)"));
  CHECK(error_of("http.port=35000").key == "http.port");
  CHECK(accepts("http.port=35001"));
  // Who moved the pool over a port that nobody touched is told about the pool.
  e = error_of("rtp_proxy.port_range=9000-11000");
  CHECK(e.key == "rtp_proxy.port_range");
  CHECK(says(e, "rtp_proxy.port 10000 (default)"));
  CHECK(accepts("rtp_proxy.port=0"));
  CHECK(errors_of(command_line({"rtp_proxy.port=0", "rtp_proxy.port_range=9000-11000"})).empty());
  CHECK(errors_of(command_line({"rtp_proxy.port=80", "http.port=80"})).front().key == "http.port");
}

TEST_CASE("config: a value that is bad by itself raises no second error elsewhere") {
  CHECK(errors_of(command_line({"rtp_proxy.port_range=5-1", "http.port=30001"})).size() == 1);
}

TEST_CASE("config: an alarm is cleared on the quiet side of where it is raised") {
  CHECK(error_of("alarm.clear_ratio=0.2").key == "alarm.clear_ratio");
  CHECK(error_of("alarm.raise_ratio=0.01").key == "alarm.raise_ratio");
  CHECK(error_of("alarm.pool_low_ratio=0.5").key == "alarm.pool_low_ratio");
  CHECK(error_of("alarm.pool_clear_ratio=0").key == "alarm.pool_clear_ratio");
  CHECK(errors_of(command_line({"alarm.clear_ratio=0.1"})).empty());
}

// ---- the machine --------------------------------------------------------------------------------------------------

TEST_CASE("config: warnings name what does not fit the machine and what to do") {
  const config c;
  CHECK(c.warnings({}).empty());

  config_environment e;
  e.ephemeral_ports = net::port_range{32768, 60999};
  auto found = c.warnings(e);
  REQUIRE(found.size() == 1);
  CHECK(found[0].key == "rtp_proxy.port_range");
  CHECK(says(found[0], "net.ipv4.ip_local_reserved_ports=32768-35000"));
  e.reserved_ports = {{32768, 34999}};
  CHECK(c.warnings(e).size() == 1);
  e.reserved_ports = {{40, 41}, {32768, 35000}};
  CHECK(c.warnings(e).empty());
  e = {};
  e.ephemeral_ports = net::port_range{35001, 60999};
  CHECK(c.warnings(e).empty());

  e = {};
  e.descriptor_limit = 5000 + reserved_descriptors - 1;  // 2500 pairs
  found = c.warnings(e);
  REQUIRE(found.size() == 1);
  CHECK(says(found[0], "2500 pairs need 5512 descriptors, the limit is 5511"));
  CHECK(says(found[0], "LimitNOFILE="));
  e.descriptor_limit = 5000 + reserved_descriptors;
  CHECK(c.warnings(e).empty());

  e = {};
  e.rmem_max = 212992;
  found = c.warnings(e);
  REQUIRE(found.size() == 1);
  CHECK(says(found[0], "net.core.rmem_max=1048576"));
  e.rmem_max = 1048576;
  CHECK(c.warnings(e).empty());
}

TEST_CASE("config: the kernel's texts about ports") {
  CHECK(parse_ephemeral_ports("32768\t60999\n") == net::port_range{32768, 60999});
  CHECK_FALSE(parse_ephemeral_ports(""));
  CHECK_FALSE(parse_ephemeral_ports("5"));
  CHECK_FALSE(parse_ephemeral_ports("9 8"));
  CHECK_FALSE(parse_ephemeral_ports("1 70000"));
  CHECK(parse_reserved_ports("\n").empty());
  const auto reserved = parse_reserved_ports("8080,30000-35000,9148\n");
  REQUIRE(reserved.size() == 3);
  CHECK(reserved[0] == net::port_range{8080, 8080});
  CHECK(reserved[1] == net::port_range{30000, 35000});
  CHECK(parse_reserved_ports("9-,x").empty());
}

// ---- printed ------------------------------------------------------------------------------------------------------

TEST_CASE("config: the printed defaults read back as the defaults, with every key documented") {
  const tests::temporary_directory dir;
  const config c;
  const auto printed = c.to_ini();
  for (const auto& key : config_keys()) {
    INFO(key.name);
    CHECK(printed.find("; " + std::string{key.sentence} + "\n") != std::string::npos);
  }
  config_layers layers;
  layers.file = read_config_layer(dir.write("printed.ini", printed));
  const auto again = must(layers);
  CHECK(layers.file.entries.size() == config_keys().size());
  CHECK(config::difference(c, again).empty());
  CHECK(again.to_ini() == printed);
}

TEST_CASE("config: printed values of any kind read back, and a secret is neither shown nor becomes its mask") {
  const tests::temporary_directory dir;
  const auto c = must(command_line({"hook.on_play=http://a/b?c;d#e", "http.notFound=  \"x\" ; y # z\\", "hook.enable=1",
                                    "rtp_proxy.port_range=40000-41000", "api.secret=hushhush",
                                    "cluster.origin_url=rtsp://a/%s;rtsp://b/%s", "hook.alive_interval=10.00"}));
  const auto printed = c.to_ini();
  CHECK(printed.find("hushhush") == std::string::npos);
  CHECK(printed.find("secret=***") != std::string::npos);
  config_layers layers;
  layers.file = read_config_layer(dir.write("printed.ini", printed));
  const auto again = must(layers);
  CHECK(config::difference(c, again) == std::vector<std::string>{"api.secret"});
  CHECK(again.get_text("api.secret").empty());
}

TEST_CASE("config: processors are numbers with commas between them, and what is none is named") {
  CHECK(parse_processors("")->empty());
  CHECK(*parse_processors("2,0,1023") == std::vector{2, 0, 1023});
  for (const auto* bad : {"x", "1,,2", "-1", "1024", "1 ,2"}) {
    INFO(bad);
    const auto p = parse_processors(bad);
    REQUIRE_FALSE(p);
    CHECK(p.error().find("processor") != std::string::npos);
  }
}
