// Offers as browsers make them and as nobody should, and the answers to them.
#include "net/rtc/rtc_description.hpp"

#include "tests/support/catch.hpp"

using namespace berth::net;

namespace {

const std::string way =
    "a=ice-ufrag:uFrG\r\na=ice-pwd:0123456789abcdef0123456789\r\na=fingerprint:sha-256 AB:CD:EF\r\na=setup:actpass\r\n";

/// What a page offers that sends and receives both, and has a data channel.
std::string offer_of(const std::string& direction = "sendrecv") {
  return "v=0\r\no=- 46 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1 2\r\n"
         "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 0 8 13\r\nc=IN IP4 0.0.0.0\r\n" +
         way + "a=candidate:1 1 udp 2122260223 192.0.2.5 5000 typ host generation 0\r\na=mid:0\r\na=" + direction +
         "\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n"
         "a=rtpmap:63 red/48000/2\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:13 CN/8000\r\n"
         "m=video 9 UDP/TLS/RTP/SAVPF 96 97 103 104\r\nc=IN IP4 0.0.0.0\r\n" +
         way + "a=mid:1\r\na=" + direction +
         "\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n"
         "a=rtpmap:103 H264/90000\r\na=fmtp:103 packetization-mode=0;profile-level-id=42001f\r\n"
         "a=rtpmap:104 H264/90000\r\na=rtcp-fb:104 nack\r\na=rtcp-fb:104 nack pli\r\na=rtcp-fb:104 transport-cc\r\n"
         "a=fmtp:104 packetization-mode=1;profile-level-id=42001f\r\n"
         "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n" +
         way + "a=mid:2\r\n";
}

rtc_offer parsed(const std::string& text) {
  auto o = parse_rtc_offer(text);
  if (!o) FAIL(o.error());
  return *o;
}

std::string refusal(const std::string& text) {
  const auto o = parse_rtc_offer(text);
  return o ? std::string{} : o.error();
}

track_ptr track_of(codec format) {
  auto t = std::make_shared<track>();
  t->format = format;
  t->kind = is_video(format) ? media_kind::video : media_kind::audio;
  return t;
}

bool has_line(const std::string& text, const std::string& line) { return text.find(line + "\r\n") != text.npos; }

}  // namespace

TEST_CASE("rtc_description: what a browser offers is read", "[rtc_description]") {
  const auto o = parsed(offer_of("sendonly"));
  CHECK(o.ice.ufrag == "uFrG");
  CHECK(o.fingerprint == "AB:CD:EF");
  CHECK(o.setup == "actpass");
  CHECK(o.ice.candidates ==
        std::vector<std::string>{"candidate:1 1 udp 2122260223 192.0.2.5 5000 typ host generation 0"});
  REQUIRE(o.media.size() == 3);
  CHECK(o.media[0].kind == "audio");
  CHECK(o.media[0].sends);
  CHECK_FALSE(o.media[0].receives);
  REQUIRE(o.media[0].formats.size() == 5);
  CHECK(o.media[0].formats[0].format == codec::opus);
  CHECK(o.media[0].formats[3].format == codec::pcma);
  CHECK(o.media[1].formats[3].parameters == "packetization-mode=1;profile-level-id=42001f");
  CHECK(o.media[1].formats[3].feedback.size() == 3);
  CHECK_FALSE(answerer_begins(o));
}

TEST_CASE("rtc_description: what is missing is named", "[rtc_description]") {
  CHECK(refusal("").find("v=0") != std::string::npos);
  CHECK(refusal("v=0\r\n").find("m= section") != std::string::npos);
  CHECK(refusal("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 8\r\n").find("ice-ufrag") != std::string::npos);
  CHECK(refusal("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 8\r\na=ice-ufrag:a\r\na=ice-pwd:b\r\na=fingerprint:md5 AA\r\n")
            .find("fingerprint") != std::string::npos);
  std::string many = "v=0\r\n" + way;
  for (int i = 0; i < 17; ++i) many += "m=audio 9 UDP/TLS/RTP/SAVPF 8\r\n";
  CHECK(refusal(many).find("more than 16") != std::string::npos);
  CHECK(refusal("v=0" + std::string(longest_description, 'x')).find("longer") != std::string::npos);
}

TEST_CASE("rtc_description: a stream's tracks are sent in the sections that can take them", "[rtc_description]") {
  const auto o = parsed(offer_of("recvonly"));
  const auto both = choose_to_send(o, {track_of(codec::h264), track_of(codec::pcma)}, 7);
  REQUIRE(both.size() == 3);
  CHECK(both[0].format->payload_type == 8);
  CHECK(both[0].ssrc == 8);
  CHECK(both[1].format->payload_type == 104);  // the one with fragments
  CHECK(both[1].ssrc == 7);
  CHECK_FALSE(both[2].format);
  const auto sound = choose_to_send(o, {track_of(codec::h265), track_of(codec::aac)}, 7);
  for (const auto& c : sound) CHECK_FALSE(c.format);
  for (const auto& c : choose_to_send(parsed(offer_of("sendonly")), {track_of(codec::h264)}, 7)) CHECK_FALSE(c.format);

  const auto answer = make_rtc_answer(o, both, {"u", "p", {"candidate:1 1 udp 1 192.0.2.1 9 typ host"}}, "FP", "cam");
  CHECK(has_line(answer, "a=group:BUNDLE 0 1"));
  CHECK(has_line(answer, "m=audio 9 UDP/TLS/RTP/SAVPF 8"));
  CHECK(has_line(answer, "m=video 9 UDP/TLS/RTP/SAVPF 104"));
  CHECK(has_line(answer, "m=application 0 UDP/DTLS/SCTP webrtc-datachannel"));
  CHECK(has_line(answer, "a=fmtp:104 packetization-mode=1;profile-level-id=42001f"));
  CHECK(has_line(answer, "a=rtcp-fb:104 nack"));
  CHECK(has_line(answer, "a=rtcp-fb:104 nack pli"));
  CHECK_FALSE(has_line(answer, "a=rtcp-fb:104 transport-cc"));
  CHECK(has_line(answer, "a=ssrc:7 cname:berth"));
  CHECK(has_line(answer, "a=sendonly"));
  CHECK(has_line(answer, "a=setup:passive"));
  // As any other description it can be read.
  CHECK(parsed(answer).media.size() == 3);
}

TEST_CASE("rtc_description: what is received is the operator's choice among what is offered", "[rtc_description]") {
  const auto o = parsed(offer_of("sendonly"));
  const auto first = choose_to_receive(o, {"PCMA", "PCMU", "opus", "H264", "H265", "VP8"});
  CHECK(first[0].format->format == codec::pcma);
  CHECK(first[1].format->payload_type == 104);
  CHECK(choose_to_receive(o, {"opus", "PCMA"})[0].format->format == codec::opus);
  CHECK_FALSE(choose_to_receive(o, {"opus", "PCMA"})[1].format);
  for (const auto& c : choose_to_receive(parsed(offer_of("recvonly")), {"PCMA", "H264"})) CHECK_FALSE(c.format);
  const auto answer = make_rtc_answer(o, first, {"u", "p", {}}, "FP", "x");
  CHECK(has_line(answer, "a=recvonly"));
  CHECK(answer.find("a=ssrc:") == answer.npos);
}

TEST_CASE("rtc_description: two sections of a kind: one is taken", "[rtc_description]") {
  auto text = offer_of("sendonly");
  text += "m=audio 9 UDP/TLS/RTP/SAVPF 8\r\na=mid:3\r\na=sendonly\r\n";
  const auto choices = choose_to_receive(parsed(text), {"PCMA"});
  CHECK(choices[0].format);
  CHECK_FALSE(choices[3].format);
}
