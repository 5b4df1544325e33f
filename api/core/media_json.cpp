#include "api/core/media_json.hpp"

#include <array>
#include <chrono>

#include "api/text/json_text.hpp"

namespace berth::api {
namespace {

namespace json = boost::json;

struct codec_name {
  int id;
  std::string_view name;
};

// ZLMediaKit's numbers and names.
codec_name zlm_name(net::codec c) {
  switch (c) {
    case net::codec::h264:
      return {0, "H264"};
    case net::codec::h265:
      return {1, "H265"};
    case net::codec::aac:
      return {2, "mpeg4-generic"};
    case net::codec::pcma:
      return {3, "PCMA"};
    case net::codec::pcmu:
      return {4, "PCMU"};
    case net::codec::opus:
      return {5, "opus"};
    default:
      return {-1, net::to_string(c)};
  }
}

std::int64_t seconds(net::duration d) { return std::chrono::duration_cast<std::chrono::seconds>(d).count(); }

std::string ip_of(const net::endpoint& e) { return e.is_set() ? e.address_string() : "::"; }

// A rate that was measured before a silence says nothing of now.
bool flows(const actors::stream_status& s) {
  return s.since_last_packet && *s.since_last_packet < std::chrono::seconds{2};
}

// Of now, and of the whole life.
double loss_percent(const actors::stream_status& s) {
  return s.counters.accepted == 0 ? -1.0 : static_cast<double>(s.counters.loss_ppm) / 10'000;
}
double total_loss_percent(const actors::stream_status& s) {
  const auto expected = s.counters.accepted + s.counters.lost;
  return expected == 0 ? -1.0 : 100.0 * static_cast<double>(s.counters.lost) / static_cast<double>(expected);
}

json::object track_json(const actors::track_figures& t, const actors::stream_status& s,
                        const json::storage_ptr& memory) {
  const auto& counters = s.media->counters;
  const bool video = t.kind == net::media_kind::video;
  const auto name = zlm_name(t.format);
  json::object o(memory);
  o.reserve(16);
  o["codec_id"] = name.id;
  o["codec_id_name"] = name.name;
  o["codec_type"] = video ? 0 : 1;
  o["ready"] = true;
  o["frames"] = video ? counters.video_frames : counters.audio_frames;
  o["duration"] = s.watchable ? net::to_ms(*s.watchable) : 0;
  o["loss"] = loss_percent(s);
  o["loss_total"] = total_loss_percent(s);
  if (!video) {
    o["sample_rate"] = t.sample_rate;
    o["channels"] = t.channels;
    o["sample_bit"] = 16;
    return o;
  }
  const auto& gop = s.media->ring;
  const auto measured = static_cast<double>(counters.frame_rate_milli) / 1000;
  o["width"] = t.width;
  o["height"] = t.height;
  o["fps"] = flows(s) && measured > 0 ? measured : t.frame_rate;
  o["key_frames"] = counters.key_frames;
  o["gop_size"] = gop.gop_frames;
  o["gop_interval_ms"] = net::to_ms(gop.gop_length);
  return o;
}

}  // namespace

json::array tracks_json(const actors::stream_status& s, const json::storage_ptr& memory) {
  json::array tracks(memory);
  if (!s.media) return tracks;
  for (const auto& t : s.media->tracks) tracks.push_back(track_json(t, s, memory));
  return tracks;
}

namespace {

int readers(const actors::stream_status& s, net::schema as) { return s.media ? s.media->viewers_as(as) : 0; }

// All but what the schema decides.
json::object media_members(const actors::stream_status& s, bool recording, const json::storage_ptr& memory = {}) {
  const auto name = s.public_key();
  json::object o(memory);
  o.reserve(24);
  o["vhost"] = name.vhost.str();
  o["app"] = name.app;
  o["stream"] = name.stream;
  o["params"] = s.params;
  const auto since = s.registered_at.value_or(s.opened_at).time_since_epoch();
  o["createStamp"] = std::chrono::duration_cast<std::chrono::seconds>(since).count();
  o["aliveSecond"] = s.watchable ? seconds(*s.watchable) : 0;
  o["bytesSpeed"] = s.media && flows(s) ? s.media->counters.byte_rate : 0;
  o["totalBytes"] = s.counters.accepted_bytes;
  o["totalReaderCount"] = s.media ? s.media->all_viewers() : 0;
  add_origin(o, s);
  json::object socket(memory);
  socket.reserve(5);
  socket["identifier"] = s.key.stream;
  socket["local_ip"] = ip_of(s.local);
  socket["local_port"] = s.port();
  socket["peer_ip"] = ip_of(s.peer);
  socket["peer_port"] = s.peer.port();
  o["originSock"] = std::move(socket);
  o["isRecordingMP4"] = recording;
  o["isRecordingHLS"] = false;
  o["tracks"] = tracks_json(s, memory);
  return o;
}

}  // namespace

// Clients read from originUrl with which SSRC a stream was opened: it keeps the first name.
void add_origin(json::object& to, const actors::stream_status& s) {
  const auto is = [&](int number, std::string_view name) {
    to["originType"] = number;
    to["originTypeStr"] = name;
  };
  switch (s.origin) {
    case actors::stream_origin::rtp:
      is(3, "rtp_push");
      break;
    case actors::stream_origin::pull:
      is(4, "pull");
      break;
    case actors::stream_origin::file:
      is(6, "mp4_vod");
      break;
    case actors::stream_origin::push:
      is(8, "rtc_push");
      break;
  }
  to["originUrl"] = s.origin == actors::stream_origin::rtp
                        ? "rtp://" + s.key.vhost.str() + "/" + s.key.app + "/" + s.key.stream
                        : s.source_url;
}

json::object media_item(const actors::stream_status& s, net::schema as, bool recording) {
  auto o = media_members(s, recording);
  o["schema"] = net::to_string(as);
  o["readerCount"] = readers(s, as);
  return o;
}

std::string media_items(const actors::stream_status& s, net::schema_set schemas, bool recording) {
  // In thousands of streams what costs is the memory of many small members.
  std::array<unsigned char, 16 * 1024> room;
  json::monotonic_resource memory{room.data(), room.size()};
  const auto common = json_text(media_members(s, recording, &memory));
  std::string text;
  text.reserve(schemas.count() * (common.size() + 64));
  for (std::size_t i = 0; i < net::schema_count; ++i) {
    if (!schemas[i]) continue;
    const auto as = static_cast<net::schema>(i);
    if (!text.empty()) text += ',';
    text.append("{\"schema\":\"").append(net::to_string(as)).append("\",\"readerCount\":");
    text.append(std::to_string(readers(s, as))).append(",").append(common, 1);
  }
  return text;
}

json::object media_json(const actors::stream_status& s) {
  json::object o{{"public_id", s.public_key().stream}, {"registered", s.watchable.has_value()}};
  if (!s.media) return o;
  const auto& counters = s.media->counters;
  o["tracks"] = tracks_json(s);
  o["byte_rate"] = flows(s) ? counters.byte_rate : 0;
  o["frame_rate"] = flows(s) ? static_cast<double>(counters.frame_rate_milli) / 1000 : 0.0;
  for (const auto& f : net::media_figures<std::uint64_t>) o[f.name] = counters.*f.value;
  const auto& ring = s.media->ring;
  o["gop_frames"] = ring.gop_frames;
  o["gop_ms"] = net::to_ms(ring.gop_length);
  o["cached_frames"] = ring.frames;
  o["cached_bytes"] = ring.bytes;
  json::object viewers;
  for (std::size_t i = 0; i < net::schema_count; ++i) {
    const auto as = static_cast<net::schema>(i);
    viewers[net::to_string(as)] = s.media->viewers_as(as);
  }
  o["viewers"] = std::move(viewers);
  return o;
}

}  // namespace berth::api
