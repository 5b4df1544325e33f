// The table of all keys. A row is: name, default, limits or choices, one sentence; then what is special about it.
#include <algorithm>
#include <array>
#include <iterator>

#include "actors/contract/hook_name.hpp"
#include "api/config/config_schema.hpp"

namespace berth::api {
namespace {

struct limits {
  double min;
  double max;
};

/// A row being written; what is not said is: kept, at run time, open to the API.
struct row : config_key {
  constexpr row(std::string_view key, std::string_view value, value_type of, std::string_view what, limits within = {},
                std::string_view options = {})
      : config_key{key, value, of, what, within.min, within.max, options} {}

 private:
  template <class F>
  constexpr row with(F change) const {
    row changed = *this;
    change(changed);
    return changed;
  }

 public:
  constexpr row acts() const {
    return with([](row& r) { r.effect = key_effect::acts; });
  }
  constexpr row at_start() const {
    return with([](row& r) { r.time = key_time::at_start; });
  }
  constexpr row generated() const {
    return with([](row& r) { r.access = key_access::generated; });
  }
  constexpr row api_read_only() const {
    return with([](row& r) { r.access = key_access::api_read_only; });
  }
};

using sv = std::string_view;
constexpr row boolean(sv key, sv value, sv what) { return {key, value, value_type::boolean, what}; }
constexpr row text(sv key, sv value, sv what) { return {key, value, value_type::text, what}; }
constexpr row secret(sv key, sv value, sv what) { return {key, value, value_type::secret, what}; }
constexpr row address(sv key, sv value, sv what) { return {key, value, value_type::address, what}; }
constexpr row url(sv key, sv value, sv what) { return {key, value, value_type::url, what}; }
constexpr row ports(sv key, sv value, sv what) { return {key, value, value_type::port_range, what}; }
constexpr row address_ranges(sv key, sv value, sv what) { return {key, value, value_type::ip_ranges, what}; }
constexpr row integer(sv key, sv value, limits in, sv what) { return {key, value, value_type::integer, what, in}; }
constexpr row number(sv key, sv value, limits in, sv what) { return {key, value, value_type::number, what, in}; }
constexpr row choice(sv key, sv value, sv options, sv what) {
  return {key, value, value_type::choice, what, {}, options};
}

constexpr config_key before_hooks[] = {
    // [api]
    boolean("api.apiDebug", "1", "Log every API call with its parameters and its answer, never the secret.").acts(),
    secret("api.secret", "",
           "The secret of the API; when empty, one is made at the first start, printed once and kept in the state "
           "directory.")
        .acts()
        .generated(),
    text("api.snapRoot", "./www/snap/", "Directory of the pictures of getSnap.").acts(),
    text("api.defaultSnap", "./www/logo.png", "Picture that getSnap answers while the real one is being made."),
    text("api.downloadRoot", "./www", "Directories that downloadFile may read, separated by semicolons."),
    // [general]
    text("general.mediaServerId", "",
         "Name of this node in every hook; when empty, one is made at the first start and kept in the state directory.")
        .acts()
        .at_start()
        .generated(),
    address("general.listen_ip", "::", "Address that ports are bound to; :: takes IPv4 as well.").acts().at_start(),
    boolean("general.enableVhost", "0", "0 = all media is in __defaultVhost__."),
    integer("general.flowThreshold", "1024", {0, 2147483647}, "KB of traffic below which no on_flow_report is sent.")
        .acts(),
    integer("general.streamNoneReaderDelayMS", "20000", {0, 86400000},
            "Milliseconds without a viewer before on_stream_none_reader.")
        .acts(),
    integer("general.maxStreamWaitMS", "15000", {0, 86400000},
            "Milliseconds a viewer waits for a stream that is not there yet.")
        .acts(),
    integer("general.wait_track_ready_ms", "10000", {0, 86400000},
            "Milliseconds after which tracks that are not ready are dropped."),
    integer("general.wait_audio_track_data_ms", "1000", {0, 86400000},
            "Milliseconds after which a declared audio track without data is dropped.")
        .acts(),
    integer("general.wait_add_track_ms", "3000", {0, 86400000},
            "Milliseconds a stream with one track waits for a second one.")
        .acts(),
    integer("general.unready_frame_cache", "100", {0, 100000}, "Frames kept for a track before it is ready."),
    boolean("general.resetWhenRePlay", "1", "Drop old media data when a pulled stream reconnects."),
    integer("general.mergeWriteMS", "0", {0, 60000}, "Milliseconds over which writes to viewers are joined."),
    boolean("general.check_nvidia_dev", "1", "Look for an NVIDIA device."),
    boolean("general.enable_ffmpeg_log", "0", "Write the log of the FFmpeg libraries."),
    boolean("general.broadcast_player_count_changed", "0", "Report each change of the number of viewers."),
    // [rtp_proxy]
    integer("rtp_proxy.port", "10000", {0, 65535},
            "Shared port, UDP and TCP, that tells streams apart by SSRC; 0 = off.")
        .acts(),
    ports("rtp_proxy.port_range", "30000-35000",
          "Ports that streams get in pairs, even for RTP and odd for RTCP; a change holds for later streams and leaves "
          "open ones alone.")
        .acts(),
    integer("rtp_proxy.timeoutSec", "15", {1, 86400}, "Seconds of silence after which a stream is closed.").acts(),
    integer("rtp_proxy.ps_pt", "96", {0, 127}, "RTP payload type of MPEG program streams."),
    integer("rtp_proxy.reorder_ms", "300", {0, 10000},
            "Milliseconds that packets behind a missing one wait for it; 0 = they do not wait.")
        .acts(),
    integer("rtp_proxy.h264_pt", "98", {0, 127}, "RTP payload type of H.264.").acts(),
    integer("rtp_proxy.h265_pt", "99", {0, 127}, "RTP payload type of H.265.").acts(),
    integer("rtp_proxy.opus_pt", "100", {0, 127}, "RTP payload type of Opus.").acts(),
    integer("rtp_proxy.gop_cache", "1", {0, 100}, "Groups of pictures kept ready for startSendRtp and startRecord."),
    integer("rtp_proxy.rtp_g711_dur_ms", "100", {20, 180}, "Milliseconds of G.711 audio in one packet that is sent.")
        .acts(),
    integer("rtp_proxy.max_senders", "10000", {1, 1000000}, "How many senders to other servers there are at most.")
        .acts(),
    integer(
        "rtp_proxy.udp_recv_socket_buffer", "1048576", {4096, 1073741824},
        "Bytes asked for as the receive buffer of a UDP socket: 1 MiB holds the largest key frame of a camera, and "
        "2500 streams can not pin more kernel memory than a server has; above net.core.rmem_max the kernel gives less.")
        .acts(),
    boolean("rtp_proxy.merge_frame", "1", "Wait for the next access unit to be sure that a frame is complete."),
    text("rtp_proxy.dumpDir", "", "Directory for raw dumps of what is received; empty = off."),
    choice("rtp_proxy.on_conflict", "error", "error|reuse|replace",
           "What an open of a stream that is live already does: refuse it, hand out the live port, or close the stream "
           "and open a new one.")
        .acts(),
    boolean("rtp_proxy.guess_stream", "0",
            "For controllers that open a stream under one name and go on under another one: connectRtpServer and "
            "updateRtpServerSSRC of a name that is not open act on the one idle stream of that app that they fit; with "
            "several of them they are refused.")
        .acts(),
    choice("rtp_proxy.source_policy", "learn", "learn|pin|follow|any",
           "Whose packets a stream takes: learn = the first valid sender, and one with its SSRC or address when it has "
           "been silent for relearn_ms and did not send beside it; pin = the first one for good; follow = whoever sent "
           "last; any = everybody.")
        .acts(),
    integer("rtp_proxy.relearn_ms", "1000", {0, 3600000},
            "Milliseconds a learned sender must be silent before another one may take its place.")
        .acts(),
    integer("rtp_proxy.stall_ms", "3000", {500, 3600000},
            "Milliseconds without a packet after which a stream counts as stalled.")
        .acts(),
    number("rtp_proxy.quarantine_sec", "5", {0, 3600},
           "Seconds without a packet that a released port has to rest, still bound, before another stream gets it; 0 = "
           "off.")
        .acts(),
    integer("rtp_proxy.bind_attempts", "8", {1, 1000},
            "How many pairs that another program was seen to hold one open tries again when there are no others.")
        .acts(),
    integer("rtp_proxy.max_multiplex_streams", "4096", {1, 1000000}, "How many streams the shared port takes at most.")
        .acts(),
    // [alarm]
    integer("alarm.window_sec", "60", {1, 3600},
            "Seconds over which opens and their failures are counted for the alarm.")
        .acts(),
    integer("alarm.min_opens", "10", {1, 1000000}, "Opens in the window below which no ratio of failures is judged.")
        .acts(),
    number("alarm.raise_ratio", "0.1", {0, 1}, "Share of failed opens from which the alarm is raised.").acts(),
    number("alarm.clear_ratio", "0.05", {0, 1},
           "Share of failed opens under which the alarm is cleared; not above raise_ratio.")
        .acts(),
    number("alarm.pool_low_ratio", "0.05", {0, 1}, "Free share of the port pool under which the alarm is raised.")
        .acts(),
    number("alarm.pool_clear_ratio", "0.1", {0, 1},
           "Free share of the port pool above which the alarm is cleared; not below pool_low_ratio.")
        .acts(),
    // [rtp]
    integer("rtp.videoMtuSize", "1400", {100, 65000}, "Largest payload of video RTP that is sent.").acts(),
    integer("rtp.audioMtuSize", "600", {100, 65000}, "Largest payload of audio RTP that is sent.").acts(),
    integer("rtp.rtpMaxSize", "10", {1, 64},
            "KB; a longer RTP frame on TCP means that the framing is lost and starts a resync.")
        .acts(),
    boolean("rtp.lowLatency", "0", "Send the packets of a frame before it is complete."),
    boolean("rtp.h264_stap_a", "1", "Use STAP-A for H.264."),
    // [hook]
    boolean("hook.enable", "0", "Main switch of all web hooks.").acts(),
    integer("hook.timeoutSec", "10", {1, 3600}, "Seconds to wait for the answer to a hook.").acts(),
    integer("hook.retry", "1", {0, 1000}, "How often a failed hook is tried again.").acts(),
    number("hook.retry_delay", "3.0", {0, 3600}, "Seconds between two tries.").acts(),
    number("hook.alive_interval", "10.0", {0.1, 86400}, "Seconds between two on_server_keepalive.").acts(),
    text("hook.stream_changed_schemas", "rtsp/rtmp/fmp4/ts/hls/hls.fmp4",
         "Schemas for which on_stream_changed is sent, separated by slashes; empty = all.")
        .acts(),
};

// One for each hook that there is.
constexpr auto hooks = [] {
  std::array<config_key, actors::hook_name_count> keys;
  for (std::size_t i = 0; i < keys.size(); ++i)
    keys[i] = url(actors::hook_table[i].key, "", actors::hook_table[i].what).acts();
  return keys;
}();

constexpr config_key behind_hooks[] = {
    url("hook.on_http_access", "", "URL that is called when a file is asked for over HTTP; empty = off."),
    url("hook.on_record_ts", "", "URL that is called when an MPEG-TS segment is complete; empty = off."),
    url("hook.on_rtsp_auth", "", "URL that is called when an RTSP client logs in; empty = off."),
    url("hook.on_rtsp_realm", "", "URL that is called when an RTSP client connects; empty = off."),
    url("hook.on_shell_login", "", "URL that is called when somebody logs in to the shell; empty = off."),
    integer("hook.queue_limit", "1000", {1, 1000000},
            "Hooks that wait for one stream at most, for one more the oldest untried one is dropped and counted: a "
            "stream makes a handful in its life, so this many wait only behind a receiver that is gone.")
        .acts(),
    integer("hook.total_limit", "100000", {1, 10000000},
            "Hooks of all streams that wait at most, about 100 MB of memory; for one more the oldest untried one is "
            "dropped and counted.")
        .acts(),
    secret("hook.secret", "", "Key that each hook is signed with; empty = no signature header.").acts(),
    integer("hook.max_connections", "16", {1, 1024}, "Connections to hook receivers that are open at the same time.")
        .acts(),
    // [http]
    integer("http.port", "80", {0, 65535}, "Port of HTTP and the API; 0 = any free port.").acts().at_start(),
    integer("http.sslport", "0", {0, 65535}, "Port of HTTPS; 0 = not offered; Berth does not speak it yet."),
    text("http.charSet", "utf-8", "Character set named in Content-Type.").acts(),
    integer("http.keepAliveSecond", "30", {1, 86400}, "Seconds an idle connection is kept.").acts(),
    integer("http.maxReqSize", "40960", {1024, 1073741824}, "Largest body of a request, in bytes.").acts(),
    integer("http.maxUploadSize", "1073741824", {0, 1099511627776}, "Largest upload, in bytes."),
    integer("http.sendBufSize", "65536", {1024, 1073741824}, "Bytes of a file read at a time."),
    text("http.rootPath", "./www", "Directory of the files served over HTTP."),
    text("http.virtualPath", "", "More directories: name,path;name,path."),
    text("http.notFound", "", "Body of a 404; empty = a short page of its own.").acts(),
    integer("http.max_connections", "10000", {8, 1000000},
            "Connections to HTTP at most, viewers among them; one more gets 503.")
        .acts(),
    integer("http.max_viewers", "5000", {1, 1000000}, "Viewers over HTTP and WebSocket at most; one more gets 503.")
        .acts(),
    integer("http.viewer_timeout_sec", "10", {1, 3600},
            "Seconds after which a client, viewers above all, that takes nothing of what is sent is cut.")
        .acts(),
    boolean("http.dirMenu", "1", "List directories."),
    text("http.forbidCacheSuffix", "", "Suffixes of files that are not cached, separated by commas."),
    text("http.forwarded_ip_header", "",
         "Header in which a proxy in front names the client's address; empty = do not trust any.")
        .acts(),
    boolean("http.allow_cross_domains", "1", "Let pages of other origins call the API.").acts(),
    address_ranges("http.allow_ip_range",
                   "::1,127.0.0.1,172.16.0.0-172.31.255.255,192.168.0.0-192.168.255.255,10.0.0.0-10.255.255.255",
                   "Clients that may call the API; empty = everybody.")
        .acts(),
    // [protocol]
    integer("protocol.modify_stamp", "2", {0, 2},
            "Time stamps: 0 = of the source, 1 = wall clock, 2 = relative with jumps corrected.")
        .acts(),
    boolean("protocol.enable_audio", "1", "Keep audio.").acts(),
    boolean("protocol.add_mute_audio", "1", "Add silent AAC to streams without audio.").acts(),
    boolean("protocol.auto_close", "0", "Close a stream that nobody watches without asking.").acts(),
    integer("protocol.continue_push_ms", "15000", {0, 86400000},
            "Milliseconds within which a publisher may come back; not for RTP."),
    integer("protocol.paced_sender_ms", "0", {0, 60000}, "Milliseconds of the smoothing timer; 0 = off."),
    boolean("protocol.enable_hls", "1", "Make HLS with MPEG-TS.").acts(),
    boolean("protocol.enable_hls_fmp4", "0", "Make HLS with fragmented MP4.").acts(),
    boolean("protocol.enable_mp4", "0", "Make MP4 recordings.").acts(),
    boolean("protocol.enable_rtsp", "1", "Make RTSP and WebRTC.").acts(),
    boolean("protocol.enable_rtmp", "1", "Make RTMP and FLV.").acts(),
    boolean("protocol.enable_ts", "1", "Make MPEG-TS over HTTP and WebSocket.").acts(),
    boolean("protocol.enable_fmp4", "1", "Make fragmented MP4 over HTTP and WebSocket.").acts(),
    boolean("protocol.mp4_as_player", "0", "A recording counts as a viewer."),
    integer("protocol.mp4_max_second", "3600", {1, 31536000}, "Seconds of one MP4 file.").acts(),
    text("protocol.mp4_save_path", "./www", "Directory of MP4 recordings.").acts(),
    text("protocol.hls_save_path", "./www", "Directory of HLS files."),
    boolean("protocol.hls_demand", "0", "Make HLS only while somebody watches."),
    boolean("protocol.rtsp_demand", "0", "Make RTSP only while somebody watches."),
    boolean("protocol.rtmp_demand", "0", "Make RTMP only while somebody watches."),
    boolean("protocol.ts_demand", "0", "Make TS only while somebody watches."),
    boolean("protocol.fmp4_demand", "0", "Make fMP4 only while somebody watches."),
    // [rtsp]
    integer("rtsp.port", "0", {0, 65535}, "Port of RTSP, by custom 554; 0 = not offered.").acts().at_start(),
    integer("rtsp.sslport", "0", {0, 65535}, "Port of RTSP over TLS; 0 = not offered; Berth does not speak it yet."),
    boolean("rtsp.authBasic", "0", "1 = basic authentication, 0 = digest."),
    boolean("rtsp.directProxy", "1", "Pass media through without repacking it."),
    integer("rtsp.handshakeSecond", "15", {1, 3600}, "Seconds a handshake may take."),
    integer("rtsp.keepAliveSecond", "15", {1, 3600}, "Seconds of silence after which a connection is closed."),
    boolean("rtsp.lowLatency", "0", "One frame less delay."),
    integer("rtsp.rtpTransportType", "-1", {-1, 2}, "0 = TCP, 1 = UDP, 2 = multicast, -1 = any."),
    // [pull]
    text("pull.schemes", "rtsp,rtsps,http,https,rtmp,rtmps",
         "Schemes of URLs that addStreamProxy and getSnap may open.")
        .acts(),
    address_ranges("pull.allow_ip_range", "", "Addresses that they may lead to; empty = all.").acts(),
    address_ranges("pull.deny_ip_range", "169.254.0.0/16,fe80::/10",
                   "Addresses that they may not lead to; empty = none.")
        .acts(),
    integer("pull.max_streams", "200", {0, 100000},
            "How many streams are pulled, read from files or sent by browsers at most.")
        .acts(),
    integer("pull.timeout_ms", "8000", {100, 60000},
            "Milliseconds to open a source, and of a silence behind which it is opened anew; clients may ask for less.")
        .acts(),
    // [rtmp]
    integer("rtmp.port", "0", {0, 65535}, "Port of RTMP; 0 = not offered; Berth does not speak it yet."),
    integer("rtmp.sslport", "0", {0, 65535}, "Port of RTMP over TLS; 0 = not offered; Berth does not speak it yet."),
    boolean("rtmp.directProxy", "1", "Pass media through without repacking it."),
    integer("rtmp.handshakeSecond", "15", {1, 3600}, "Seconds a handshake may take."),
    integer("rtmp.keepAliveSecond", "15", {1, 3600}, "Seconds of silence after which a connection is closed."),
    boolean("rtmp.enhanced", "0",
            "FLV with H.265 in the form of enhanced RTMP; 0 = as codec id 12, which the players of this field read.")
        .acts(),
    // [hls]
    integer("hls.segDur", "2", {1, 3600}, "Seconds of a segment.").acts(),
    integer("hls.segNum", "3", {0, 100000}, "Segments in the playlist; 0 = all.").acts(),
    integer("hls.segRetain", "5", {0, 100000}, "Segments kept on disk after they have left the playlist.").acts(),
    integer("hls.segDelay", "0", {0, 100000}, "Segments by which a second, delayed playlist lags; 0 = none."),
    boolean("hls.segKeep", "0", "Keep all segments although the playlist is live."),
    integer("hls.deleteDelaySec", "10", {0, 86400}, "Seconds before the files of a live stream are removed."),
    integer("hls.fileBufSize", "65536", {0, 1073741824}, "Bytes of the write buffer."),
    boolean("hls.broadcastRecordTs", "0", "Send on_record_ts."),
    boolean("hls.fastRegister", "0", "The first segment is one group of pictures."),
    text("hls.fmp4SegExt", ".mp4", "Suffix of fragmented MP4 segments."),
    // [record]
    text("record.appName", "record", "Name of the app of recordings.").acts(),
    integer("record.fileBufSize", "65536", {0, 1073741824}, "Bytes of the write buffer."),
    integer("record.sampleMS", "500", {1, 60000}, "Milliseconds of media sent in one step when a file is played."),
    boolean("record.fastStart", "0", "Put the index of an MP4 file at its front."),
    boolean("record.fileRepeat", "0", "Play files again and again."),
    boolean("record.enableFmp4", "0", "Record as fragmented MP4."),
    // [ffmpeg]
    text("ffmpeg.bin", "/usr/bin/ffmpeg", "The FFmpeg program.").api_read_only(),
    text("ffmpeg.cmd", "%s -i %s -c copy -f flv %s",
         "Command line that pulls a source and pushes it: program, source, target."),
    text("ffmpeg.snap", "%s -y -i %s -frames:v 1 -an -f mjpeg %s",
         "Command line that makes a picture: program, source, file.")
        .api_read_only(),
    text("ffmpeg.log", "./ffmpeg/ffmpeg.log", "Log of the FFmpeg program; empty = off."),
    integer("ffmpeg.restart_sec", "0", {0, 31536000},
            "Seconds after which the FFmpeg program is restarted; 0 = never."),
    // [rtc]
    boolean("rtc.enable", "1", "Offer WebRTC at /index/api/webrtc, whip and whep.").acts(),
    integer("rtc.port", "0", {0, 65535}, "Port of WebRTC media, UDP; 0 = not offered; Berth does not speak it yet."),
    integer("rtc.tcpPort", "0", {0, 65535}, "Port of WebRTC media, TCP; 0 = not offered; Berth does not speak it yet."),
    integer("rtc.signalingPort", "0", {0, 65535},
            "Port of WebRTC signalling; 0 = not offered; Berth does not speak it yet."),
    integer("rtc.signalingSslPort", "0", {0, 65535},
            "Port of WebRTC signalling over TLS; 0 = not offered; Berth does not speak it yet."),
    integer("rtc.icePort", "0", {0, 65535},
            "Port of STUN and TURN, UDP; 0 = not offered; Berth does not speak it yet."),
    integer("rtc.iceTcpPort", "0", {0, 65535},
            "Port of STUN and TURN, TCP; 0 = not offered; Berth does not speak it yet."),
    boolean("rtc.enableTurn", "1", "Relay media for clients that can not be reached."),
    integer("rtc.iceTransportPolicy", "0", {0, 2}, "0 = any way, 1 = relay only, 2 = direct only."),
    text("rtc.iceUfrag", "ZLMediaKit", "User name of TURN."),
    text("rtc.icePwd", "ZLMediaKit", "Password of TURN."),
    ports("rtc.port_range", "49152-65535", "Ports of WebRTC media, UDP.").acts(),
    text("rtc.externIP", "", "Addresses to announce to browsers in place of its own, separated by commas.").acts(),
    text("rtc.interfaces", "", "Addresses to bind to, separated by commas; empty = all.").acts(),
    integer("rtc.timeoutSec", "15", {1, 86400}, "Seconds within which a session has to be established.").acts(),
    text("rtc.preferredCodecA", "PCMA,PCMU,opus,mpeg4-generic", "Audio codecs, the preferred first.").acts(),
    text("rtc.preferredCodecV", "H264,H265,AV1,VP9,VP8", "Video codecs, the preferred first.").acts(),
    boolean("rtc.preferred_tcp", "0", "Prefer TCP to UDP."),
    integer("rtc.rembBitRate", "0", {0, 1099511627776}, "Not 0: announce this bit rate by REMB."),
    integer("rtc.start_bitrate", "0", {0, 1099511627776}, "The first bit rate asked for; 0 = leave it to the sender."),
    integer("rtc.max_bitrate", "0", {0, 1099511627776}, "The highest bit rate asked for; 0 = leave it to the sender."),
    integer("rtc.min_bitrate", "0", {0, 1099511627776}, "The lowest bit rate asked for; 0 = leave it to the sender."),
    integer("rtc.maxRtpCacheMS", "5000", {0, 3600000}, "Milliseconds of packets kept for retransmission."),
    integer("rtc.maxRtpCacheSize", "2048", {0, 1000000}, "Packets kept for retransmission."),
    integer("rtc.nackMaxSize", "2048", {0, 1000000}, "Lost packets remembered at most."),
    integer("rtc.nackMaxMS", "3000", {0, 3600000}, "Milliseconds a lost packet is remembered."),
    integer("rtc.nackMaxCount", "15", {0, 1000}, "How often a lost packet is asked for."),
    number("rtc.nackIntervalRatio", "1.0", {0, 1000}, "Time between two requests, in round trips."),
    integer("rtc.nackRtpSize", "8", {0, 1000}, "Video packets in one request."),
    integer("rtc.nackAudioRtpSize", "4", {0, 1000}, "Audio packets in one request."),
    integer("rtc.max_stun_retry", "7", {0, 1000}, "How often a STUN request is repeated."),
    boolean("rtc.bfilter", "0", "Drop B frames."),
    boolean("rtc.datachannel_echo", "1", "Send back what comes over a data channel."),
    // [srt]
    integer("srt.port", "0", {0, 65535}, "Port of SRT; 0 = not offered; Berth does not speak it yet."),
    integer("srt.timeoutSec", "5", {1, 86400}, "Seconds within which a session has to be established.").acts(),
    integer("srt.latencyMul", "4", {0, 1000}, "Length of the buffer, in round trips."),
    integer("srt.pktBufSize", "8192", {1, 10000000}, "Packets in the buffer."),
    secret("srt.passPhrase", "", "Pass phrase of SRT; empty = no encryption."),
    // [shell]
    integer("shell.port", "0", {0, 65535}, "Port of the shell; 0 = not offered; Berth does not speak it yet."),
    integer("shell.maxReqSize", "1024", {1, 1073741824}, "Largest request of the shell, in bytes."),
    // [multicast]
    address("multicast.addrMin", "239.0.0.0", "First multicast address."),
    address("multicast.addrMax", "239.255.255.255", "Last multicast address."),
    integer("multicast.udpTTL", "64", {0, 255}, "Hops of multicast packets."),
    // [cluster]
    text("cluster.origin_url", "", "Where missing streams are pulled from, separated by semicolons."),
    integer("cluster.timeout_sec", "15", {1, 86400}, "Seconds for all origins together."),
    integer("cluster.retry_count", "3", {-1, 1000000}, "How often a pull is tried again; -1 = for ever."),
    // [onvif]
    integer("onvif.port", "0", {0, 65535}, "Port of ONVIF discovery; 0 = not offered; Berth does not speak it yet."),
    // [python]
    text("python.plugin", "", "Python plugin."),
    // [berth]
    text("berth.state_dir", "",
         "Directory for what must survive a restart; empty = $STATE_DIRECTORY, else $XDG_STATE_HOME/berth, else "
         "/var/lib/berth for root, else ~/.local/state/berth.")
        .acts()
        .at_start()
        .api_read_only(),
    integer("berth.reactors", "0", {0, 1024}, "Threads that receive RTP; 0 = half of the cores, at least one.")
        .acts()
        .at_start(),
    integer("berth.http_threads", "2", {1, 256}, "Threads that serve viewers; the API has one of its own.")
        .acts()
        .at_start(),
    integer("berth.scheduler_threads", "2", {1, 256}, "Without effect: those actors run on the API's thread."),
    integer("berth.pace_us", "1000", {0, 100000},
            "Microseconds a reactor lets packets gather before it looks again: fewer wake-ups for a bounded delay; 0 = "
            "off.")
        .acts()
        .at_start(),
    text("berth.reactor_cpus", "",
         "Processors that the receiving threads are bound to, in their order, separated by commas; empty = any.")
        .acts()
        .at_start(),
    boolean("berth.udp_gro", "0",
            "Let the kernel join packets of one sender: much less work where they come in bursts and the network card "
            "joins them, a little more where not.")
        .acts()
        .at_start(),
    choice("berth.log_level", "info", "trace|debug|info|warn|error|off", "How much is logged.").acts(),
    choice("berth.log_format", "text", "text|json", "How a line of the log looks.").acts().at_start(),
    integer("berth.shutdown_sec", "4", {0, 3600},
            "Seconds that streams and hooks get to end before the program ends without them.")
        .acts(),
};

constexpr auto table = [] {
  std::array<config_key, std::size(before_hooks) + std::size(hooks) + std::size(behind_hooks)> all;
  auto* at = std::copy(std::begin(before_hooks), std::end(before_hooks), all.data());
  at = std::copy(hooks.begin(), hooks.end(), at);
  std::copy(std::begin(behind_hooks), std::end(behind_hooks), at);
  return all;
}();

}  // namespace

std::span<const config_key> config_keys() { return table; }

}  // namespace berth::api
