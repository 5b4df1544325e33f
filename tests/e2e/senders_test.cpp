// Programs that know nothing of Berth push, another one watches: no picture may be missing, none damaged, none late.
#include <cmath>
#include <functional>
#include <future>
#include <sstream>
#include <thread>

#include "tests/e2e/node.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/hook_receiver.hpp"
#include "tests/support/media_probe.hpp"
#include "tests/support/rtp_sender.hpp"

using namespace berth::tests;

namespace {

constexpr std::size_t pictures = 50;
const std::string count = std::to_string(pictures);

using command = std::vector<std::string>;

command operator+(command a, const command& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

command ffmpeg(const command& coding, std::size_t frames = pictures) {
  return command{"ffmpeg", "-v", "error", "-re", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25"} +
         command{"-frames:v", std::to_string(frames), "-pix_fmt", "yuv420p", "-g", "25"} + coding;
}

constexpr auto gstreamer_packages =
    "GStreamer's elements come from gstreamer1.0-plugins-base, -good, -bad and -ugly: .ci/packages test installs them";

command gstreamer(const std::string& source, const command& coding) {
  return command{"gst-launch-1.0",
                 "-q",
                 "videotestsrc",
                 source,
                 "num-buffers=" + count,
                 "!",
                 "video/x-raw,format=I420,width=320,height=240,framerate=25/1",
                 "!"} +
         coding;
}

struct sender {
  std::string name;
  std::string codec;
  command words;
};

std::vector<sender> senders_to(const std::function<std::string()>& next_port) {
  const auto rtp = [&] { return "rtp://127.0.0.1:" + next_port() + "?pkt_size=1300"; };
  const command h264{"-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency"};
  const command h265{"-c:v", "libx265", "-preset", "ultrafast", "-tune", "zerolatency", "-x265-params", "log-level=0"};
  // The sets stand in the stream: nobody carries a session description to Berth.
  const command with_sets{"-bsf:v", "dump_extra=freq=keyframe", "-payload_type", "96", "-sdp_file", "/dev/null", "-f",
                          "rtp"};
  // ffmpeg keeps the end of a transport stream to itself: more is pushed than is looked at.
  constexpr auto some_more = pictures + 10;
  return {
      {"ffmpeg: MPEG-TS", "h264", ffmpeg(h264 + command{"-f", "rtp_mpegts", rtp()}, some_more)},
      {"ffmpeg: MPEG-TS with B-frames", "h264",
       ffmpeg(command{"-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-f", "rtp_mpegts", rtp()}, some_more)},
      {"ffmpeg: H.264", "h264", ffmpeg(h264 + with_sets + command{rtp()})},
      {"ffmpeg: H.265", "hevc", ffmpeg(h265 + with_sets + command{rtp()})},
      {"GStreamer: H.264", "h264",
       gstreamer("is-live=true",
                 {"x264enc", "tune=zerolatency", "speed-preset=ultrafast", "key-int-max=25", "!", "rtph264pay",
                  "config-interval=-1", "pt=96", "!", "udpsink", "host=127.0.0.1", "port=" + next_port()})},
      {"GStreamer: H.265", "hevc",
       gstreamer("is-live=true",
                 {"x265enc", "tune=zerolatency", "speed-preset=ultrafast", "key-int-max=25", "!", "rtph265pay",
                  "config-interval=-1", "pt=97", "!", "udpsink", "host=127.0.0.1", "port=" + next_port()})},
  };
}

/// Seconds at which a player shows the first pictures that it gets from a URL, and its complaints.
struct seen {
  std::string codec;
  std::vector<double> times;
  std::string complaints;
};

seen watch(const std::string& url) {
  seen s;
  std::istringstream lines{
      output_of({"ffprobe", "-v", "warning", "-select_streams", "v", "-read_intervals", "%+#" + count, "-show_entries",
                 "stream=codec_name:frame=pts_time", "-of", "csv", url},
                60s)};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("frame,"))
      s.times.push_back(std::stod(line.substr(6)));
    else if (line.find("stream,") != line.npos)
      s.codec = line.substr(line.rfind(',') + 1);
    else if (!line.empty())
      s.complaints += line + "\n";
  }
  return s;
}

void expect(const seen& s, const std::string& codec) {
  CHECK(s.codec == codec);
  CHECK(s.complaints == "");
  REQUIRE(s.times.size() == pictures);
  for (std::size_t i = 1; i < s.times.size(); ++i) CHECK(std::abs(s.times[i] - s.times[i - 1] - 0.04) < 0.0015);
}

/// As packets of RTP without any marker, in the time that the pictures take.
void send_as_rtp(const std::string& bytes_of_file, std::uint16_t port) {
  rtp_sender socket;
  rtp_source source{0x77};
  constexpr std::size_t most = 1400;
  const auto pause = std::chrono::nanoseconds{2s} * most / bytes_of_file.size();
  auto due = std::chrono::steady_clock::now();
  for (std::size_t at = 0; at < bytes_of_file.size(); at += most) {
    const auto piece = bytes_of_file.substr(at, most);
    auto packet = source.next(0);
    append(packet, bytes{piece.begin(), piece.end()});
    socket.send_raw(port, packet);
    due += pause;
    std::this_thread::sleep_until(due);
  }
}

}  // namespace

TEST_CASE("senders: what independent programs push is watched whole, to the last picture", "[heavy]") {
  hook_receiver receiver;
  node n{{{"hook.enable", "1"}, {"hook.on_play", receiver.url("/on_play")}}};
  std::vector<std::string> ids;
  const auto all = senders_to([&] {
    ids.push_back("s" + std::to_string(ids.size()));
    return std::to_string(n.port_of(ids.back()));
  });
  for (std::size_t i = 0; i < all.size(); ++i) {
    INFO(all[i].name);
    // This ffprobe may be older than H.265 in FLV.
    const auto form = all[i].codec == "h264" ? ".live.flv" : ".live.mp4";
    auto player = std::async(std::launch::async, [&] { return watch(n.daemon.url() + "/rtp/" + ids[i] + form); });
    REQUIRE(receiver.wait_for("/on_play", i + 1));
    INFO(gstreamer_packages);
    const auto said = output_of(all[i].words);
    CHECK(n.falls_silent(ids[i]));
    CHECK(n.code("closeRtpServer", {{"stream_id", ids[i]}}) == 0);
    CHECK(said == "");
    expect(player.get(), all[i].codec);
  }
}

TEST_CASE("senders: a program stream that GStreamer muxed is watched whole", "[heavy]") {
  hook_receiver receiver;
  node n{{{"hook.enable", "1"}, {"hook.on_play", receiver.url("/on_play")}}};
  temporary_directory directory;
  const auto file = (directory.path() / "camera.ps").string();
  const auto said =
      output_of(gstreamer("pattern=ball", {"x264enc", "tune=zerolatency", "key-int-max=25", "!", "h264parse", "!",
                                           "mpegpsmux", "!", "filesink", "location=" + file}));
  INFO(gstreamer_packages);
  CHECK(said == "");
  const auto program = content_of(file);
  REQUIRE(program.size() > 10'000);
  const auto port = n.port_of("gst");
  auto player = std::async(std::launch::async, [&] { return watch(n.daemon.url() + "/rtp/gst.live.ts"); });
  REQUIRE(receiver.wait_for("/on_play"));
  send_as_rtp(program, port);
  CHECK(n.falls_silent("gst"));
  CHECK(n.code("closeRtpServer", {{"stream_id", "gst"}}) == 0);
  expect(player.get(), "h264");
}
