#include "api/core/settings.hpp"

#include <algorithm>
#include <thread>

#include "api/config/config_value.hpp"
#include "api/text/text.hpp"

namespace berth::api {
namespace {

actors::conflict_policy conflict_policy_of(const std::string& text) {
  if (text == "reuse") return actors::conflict_policy::reuse;
  return text == "replace" ? actors::conflict_policy::replace : actors::conflict_policy::error;
}

// Segments are in memory: a list of all of them, which 0 asks for, would grow for ever.
constexpr std::size_t usual_list = 3;
constexpr std::size_t most_segments = 100;

std::size_t size(const config& c, std::string_view key) { return static_cast<std::size_t>(c.get_int(key)); }
std::uint16_t port(const config& c, std::string_view key) { return static_cast<std::uint16_t>(c.get_int(key)); }

// HLS is made with either kind of segments for whoever asks, so that one of its two keys is enough.
net::schema_set schemas_of(const config& c) {
  net::schema_set served;
  const auto set = [&](net::schema as, bool on) { served[static_cast<std::size_t>(as)] = on; };
  set(net::schema::rtsp, c.get_bool("protocol.enable_rtsp"));
  set(net::schema::rtmp, c.get_bool("protocol.enable_rtmp"));
  set(net::schema::ts, c.get_bool("protocol.enable_ts"));
  set(net::schema::fmp4, c.get_bool("protocol.enable_fmp4"));
  set(net::schema::hls, c.get_bool("protocol.enable_hls") || c.get_bool("protocol.enable_hls_fmp4"));
  return served;
}

}  // namespace

actors::node_settings node_settings_of(const config& c) {
  actors::node_settings s;
  s.allocator.range = c.get_port_range("rtp_proxy.port_range");
  s.allocator.silence = c.get_seconds("rtp_proxy.quarantine_sec");
  s.allocator.bind_attempts = size(c, "rtp_proxy.bind_attempts");
  s.allocator.udp.receive_buffer = static_cast<int>(c.get_int("rtp_proxy.udp_recv_socket_buffer"));
  s.listen_ip = c.get_text("general.listen_ip");
  s.idle_after = c.get_seconds("rtp_proxy.timeoutSec");
  s.stall_after = c.get_milliseconds("rtp_proxy.stall_ms");
  s.relearn_after = c.get_milliseconds("rtp_proxy.relearn_ms");
  s.sources = net::parse_source_policy(c.get_text("rtp_proxy.source_policy")).value_or(net::source_policy::learn);
  s.guess_streams = c.get_bool("rtp_proxy.guess_stream");
  s.on_conflict = conflict_policy_of(c.get_text("rtp_proxy.on_conflict"));
  s.max_multiplex_streams = size(c, "rtp_proxy.max_multiplex_streams");
  s.max_tcp_frame = size(c, "rtp.rtpMaxSize") * 1024;
  s.media.h264_pt = static_cast<std::uint8_t>(c.get_int("rtp_proxy.h264_pt"));
  s.media.h265_pt = static_cast<std::uint8_t>(c.get_int("rtp_proxy.h265_pt"));
  s.media.opus_pt = static_cast<std::uint8_t>(c.get_int("rtp_proxy.opus_pt"));
  s.media.reorder_patience = c.get_milliseconds("rtp_proxy.reorder_ms");
  s.media.announced_track_wait = c.get_milliseconds("general.wait_audio_track_data_ms");
  s.media.other_track_wait = std::min(s.media.other_track_wait, c.get_milliseconds("general.wait_add_track_ms"));
  s.publish.modify_stamp = static_cast<int>(c.get_int("protocol.modify_stamp"));
  s.publish.enable_audio = c.get_bool("protocol.enable_audio");
  s.publish.add_mute_audio = c.get_bool("protocol.add_mute_audio");
  s.publish.schemas = schemas_of(c);
  s.publish.auto_close = c.get_bool("protocol.auto_close");
  s.publish.enable_mp4 = c.get_bool("protocol.enable_mp4");
  s.publish.mp4_max_second = static_cast<std::uint32_t>(c.get_int("protocol.mp4_max_second"));
  s.sending.video_payload = size(c, "rtp.videoMtuSize");
  s.sending.audio_payload = size(c, "rtp.audioMtuSize");
  s.sending.g711_ms = static_cast<int>(c.get_int("rtp_proxy.rtp_g711_dur_ms"));
  s.max_sources = size(c, "pull.max_streams");
  s.max_senders = size(c, "rtp_proxy.max_senders");
  s.none_reader_after = c.get_milliseconds("general.streamNoneReaderDelayMS");
  s.alarm.window = c.get_seconds("alarm.window_sec");
  s.alarm.min_opens = size(c, "alarm.min_opens");
  s.alarm.raise_ratio = c.get_number("alarm.raise_ratio");
  s.alarm.clear_ratio = c.get_number("alarm.clear_ratio");
  s.alarm.pool_low_ratio = c.get_number("alarm.pool_low_ratio");
  s.alarm.pool_clear_ratio = c.get_number("alarm.pool_clear_ratio");
  return s;
}

http_settings http_settings_of(const config& c) {
  http_settings s;
  s.max_body = size(c, "http.maxReqSize");
  s.max_connections = size(c, "http.max_connections");
  s.keep_alive = std::chrono::duration_cast<std::chrono::milliseconds>(c.get_seconds("http.keepAliveSecond"));
  s.write_timeout = std::chrono::duration_cast<std::chrono::milliseconds>(c.get_seconds("http.viewer_timeout_sec"));
  s.allow_cross_domains = c.get_bool("http.allow_cross_domains");
  s.char_set = c.get_text("http.charSet");
  if (const auto& page = c.get_text("http.notFound"); !page.empty()) s.not_found = page;
  s.secret = c.get_text("api.secret");
  s.allowed = c.get_ip_ranges("http.allow_ip_range");
  s.forwarded_ip_header = c.get_text("http.forwarded_ip_header");
  s.debug_log = c.get_bool("api.apiDebug");
  return s;
}

actors::hook_settings hook_settings_of(const config& c) {
  actors::hook_settings s;
  s.enabled = c.get_bool("hook.enable");
  for (std::size_t i = 0; i < actors::hook_name_count; ++i) s.urls[i] = c.get_text(actors::hook_table[i].key);
  s.timeout = c.get_seconds("hook.timeoutSec");
  s.retries = static_cast<unsigned>(c.get_int("hook.retry"));
  s.retry_delay = c.get_seconds("hook.retry_delay");
  s.alive_interval = c.get_seconds("hook.alive_interval");
  s.queue_limit = size(c, "hook.queue_limit");
  s.total_limit = size(c, "hook.total_limit");
  s.max_connections = size(c, "hook.max_connections");
  s.secret = c.get_text("hook.secret");
  s.flow_threshold = size(c, "general.flowThreshold") * 1024;
  const auto& schemas = c.get_text("hook.stream_changed_schemas");
  for (std::size_t i = 0; i < net::schema_count && !schemas.empty(); ++i)
    s.changed_schemas[i] = lists(schemas, '/', net::to_string(static_cast<net::schema>(i)));
  return s;
}

viewer_settings viewer_settings_of(const config& c) {
  viewer_settings s;
  s.max_viewers = size(c, "http.max_viewers");
  s.viewer_timeout = c.get_seconds("http.viewer_timeout_sec");
  s.stream_wait = c.get_milliseconds("general.maxStreamWaitMS");
  s.enhanced_flv = c.get_bool("rtmp.enhanced");
  s.hls.segment_seconds = c.get_number("hls.segDur");
  const auto listed = size(c, "hls.segNum");
  s.hls.segments_in_list = listed == 0 ? usual_list : std::min(listed, most_segments);
  s.hls.segments_kept = std::min(size(c, "hls.segRetain"), most_segments);
  s.hls.fast_register = c.get_bool("hls.fastRegister");
  return s;
}

rtc_settings rtc_settings_of(const config& c) {
  rtc_settings s;
  s.enable = c.get_bool("rtc.enable");
  s.addresses = names_in(c.get_text("rtc.interfaces"), ',');
  s.announced = names_in(c.get_text("rtc.externIP"), ',');
  s.ports = c.get_port_range("rtc.port_range");
  s.patience = c.get_seconds("rtc.timeoutSec");
  s.preferred = names_in(c.get_text("rtc.preferredCodecA"), ',');
  for (auto& name : names_in(c.get_text("rtc.preferredCodecV"), ',')) s.preferred.push_back(std::move(name));
  return s;
}

recording_settings recording_settings_of(const config& c) {
  return {c.get_text("protocol.mp4_save_path"), c.get_text("record.appName")};
}

request_settings request_settings_of(const config& c) {
  return {c.get_bool("general.enableVhost"), c.get_milliseconds("pull.timeout_ms")};
}

daemon_settings daemon_settings_of(const config& c) {
  daemon_settings s;
  s.state_dir = c.get_text("berth.state_dir");
  s.server_id = c.get_text("general.mediaServerId");
  s.log_level = c.get_text("berth.log_level");
  s.json_log = c.get_text("berth.log_format") == "json";
  s.listen_ip = c.get_text("general.listen_ip");
  s.http_port = port(c, "http.port");
  s.rtsp_port = port(c, "rtsp.port");
  s.shared_rtp_port = port(c, "rtp_proxy.port");
  s.http_threads = size(c, "berth.http_threads");
  s.shutdown = c.get_seconds("berth.shutdown_sec");
  const auto reactors = size(c, "berth.reactors");
  s.actors.reactors = reactors > 0 ? reactors : std::max(1U, std::thread::hardware_concurrency() / 2);
  s.actors.reactor.pace = std::chrono::microseconds{c.get_int("berth.pace_us")};
  s.actors.reactor.joined = c.get_bool("berth.udp_gro");
  s.actors.processors = *parse_processors(c.get_text("berth.reactor_cpus"));
  return s;
}

}  // namespace berth::api
