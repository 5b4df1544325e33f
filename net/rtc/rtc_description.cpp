#include "net/rtc/rtc_description.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace berth::net {
namespace {

constexpr std::size_t most_sections = 16, most_formats = 64, most_candidates = 64;

std::string_view next_line(std::string_view& rest) {
  auto line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string_view next_word(std::string_view& rest) {
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  const auto word = rest.substr(0, rest.find(' '));
  rest.remove_prefix(word.size());
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  return word;
}

std::optional<std::uint8_t> payload_type(std::string_view text) {
  unsigned n = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (failed != std::errc{} || end != text.data() + text.size() || n > 127) return std::nullopt;
  return static_cast<std::uint8_t>(n);
}

std::string lower(std::string_view text) {
  std::string out{text};
  for (auto& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// As a=rtpmap has it (RFC 4566 6), in lower case; empty of what no page offers.
std::string map_of(codec c) {
  const auto facts = facts_of(c);
  if (!facts.served || facts.rtp_clock == 0) return {};
  return lower(facts.rtp_name) + "/" + std::to_string(facts.rtp_clock) + (c == codec::opus ? "/2" : "");
}

codec codec_of(std::string_view map) {
  const auto wanted = lower(map);
  for (std::size_t i = 0; i < codec_count; ++i) {
    const auto name = map_of(static_cast<codec>(i));
    if (!name.empty() && (name == wanted || name + "/1" == wanted)) return static_cast<codec>(i);
  }
  return codec::other;
}

// RFC 3551 6: these need no rtpmap.
void describe_static(rtc_format& f) {
  const auto fixed = codec_of_payload(f.payload_type);
  if (!is_served(fixed)) return;
  const auto facts = facts_of(fixed);
  f = {f.payload_type, fixed, std::string{facts.rtp_name} + "/" + std::to_string(facts.rtp_clock), {}, {}};
}

class parser {
 public:
  result<rtc_offer, std::string> parse(std::string_view text) {
    if (text.size() > longest_description) return failure{"it is longer than " + std::to_string(longest_description)};
    if (!text.starts_with("v=0")) return failure{std::string{"it does not begin with v=0"}};
    while (!text.empty() && refusal_.empty()) take(next_line(text));
    if (!refusal_.empty()) return failure{refusal_};
    if (offer_.media.empty()) return failure{std::string{"it has no m= section"}};
    if (offer_.ice.ufrag.empty() || offer_.ice.pwd.empty())
      return failure{std::string{"it has no a=ice-ufrag or a=ice-pwd"}};
    if (offer_.fingerprint.empty()) return failure{std::string{"it has no a=fingerprint with sha-256"}};
    return std::move(offer_);
  }

 private:
  void take(std::string_view line) {
    if (line.starts_with("m=")) return begin_section(line.substr(2));
    if (!line.starts_with("a=")) return;
    const auto colon = line.find(':');
    attribute(line.substr(2, colon == line.npos ? line.npos : colon - 2),
              colon == line.npos ? std::string_view{} : line.substr(colon + 1));
  }

  void begin_section(std::string_view rest) {
    if (offer_.media.size() == most_sections) {
      refusal_ = "it has more than " + std::to_string(most_sections) + " m= sections";
      return;
    }
    rtc_media m;
    m.kind = next_word(rest);
    next_word(rest);  // the port
    m.protocol = next_word(rest);
    while (!rest.empty() && m.formats.size() < most_formats)
      if (const auto pt = payload_type(next_word(rest))) {
        m.formats.push_back({*pt, codec::other, {}, {}, {}});
        describe_static(m.formats.back());
      }
    offer_.media.push_back(std::move(m));
  }

  void attribute(std::string_view name, std::string_view value) {
    // Those of the way may stand in front of all sections or in each; with one bundle they are the same.
    if (name == "ice-ufrag" && offer_.ice.ufrag.empty()) offer_.ice.ufrag = value;
    if (name == "ice-pwd" && offer_.ice.pwd.empty()) offer_.ice.pwd = value;
    if (name == "setup" && offer_.setup.empty()) offer_.setup = value;
    if (name == "candidate" && offer_.ice.candidates.size() < most_candidates)
      offer_.ice.candidates.push_back("candidate:" + std::string{value});
    if (name == "fingerprint") {
      auto rest = value;
      if (lower(next_word(rest)) == "sha-256") offer_.fingerprint = rest;
    }
    if (offer_.media.empty()) return;
    auto& m = offer_.media.back();
    if (name == "mid") m.mid = value;
    if (name == "sendonly" || name == "inactive") m.receives = false;
    if (name == "recvonly" || name == "inactive") m.sends = false;
    if (name == "rtpmap")
      of_format(value, [](rtc_format& f, std::string_view rest) {
        f.map = rest;
        f.format = codec_of(rest);
      });
    if (name == "fmtp") of_format(value, [](rtc_format& f, std::string_view rest) { f.parameters = rest; });
    if (name == "rtcp-fb")
      of_format(value, [](rtc_format& f, std::string_view rest) { f.feedback.emplace_back(rest); });
  }

  template <class Then>
  void of_format(std::string_view value, Then then) {
    const auto pt = payload_type(next_word(value));
    for (auto& f : offer_.media.back().formats)
      if (pt && f.payload_type == *pt) then(f, value);
  }

  rtc_offer offer_;
  std::string refusal_;
};

bool is_media(const rtc_media& m, media_kind kind) {
  return m.kind == (kind == media_kind::video ? "video" : "audio") && m.protocol.find("RTP/SAVPF") != m.protocol.npos;
}

// With packetization-mode 0 fragments can not be sent (RFC 6184 6.2).
bool is_usable(const rtc_format& f) {
  return f.format != codec::h264 || f.parameters.find("packetization-mode=1") != f.parameters.npos;
}

const rtc_format* find(const rtc_media& m, codec wanted) {
  const auto found = std::find_if(m.formats.begin(), m.formats.end(),
                                  [&](const auto& f) { return f.format == wanted && is_usable(f); });
  return found == m.formats.end() ? nullptr : &*found;
}

void write_section(std::string& out, const rtc_offer& offer, const rtc_media& m, const rtc_choice& c,
                   const ice_parameters& own, const std::string& fingerprint) {
  const auto line = [&](const std::string& text) { out += text + "\r\n"; };
  if (!c.format) {
    // A section that is refused has a port of 0 and keeps its formats (RFC 8829 5.3.1).
    const auto first = m.formats.empty() ? std::string{"0"} : std::to_string(m.formats[0].payload_type);
    line("m=" + m.kind + " 0 " + m.protocol + " " + (m.kind == "application" ? "webrtc-datachannel" : first));
    line("c=IN IP4 0.0.0.0");
    line("a=mid:" + m.mid);
    return line("a=inactive");
  }
  const auto pt = std::to_string(c.format->payload_type);
  line("m=" + m.kind + " 9 " + m.protocol + " " + pt);
  line("c=IN IP4 0.0.0.0");
  line("a=rtcp:9 IN IP4 0.0.0.0");
  line("a=ice-ufrag:" + own.ufrag);
  line("a=ice-pwd:" + own.pwd);
  line("a=fingerprint:sha-256 " + fingerprint);
  line(std::string{"a=setup:"} + (answerer_begins(offer) ? "active" : "passive"));
  line("a=mid:" + m.mid);
  line(c.ssrc != 0 ? "a=sendonly" : "a=recvonly");
  line("a=rtcp-mux");
  line("a=rtpmap:" + pt + " " + c.format->map);
  if (!c.format->parameters.empty()) line("a=fmtp:" + pt + " " + c.format->parameters);
  for (const auto& f : c.format->feedback)
    if (f == "nack pli" || f == "nack") line("a=rtcp-fb:" + pt + " " + f);
  if (c.ssrc != 0) {
    line("a=msid:berth " + m.kind);
    line("a=ssrc:" + std::to_string(c.ssrc) + " cname:berth");
    line("a=ssrc:" + std::to_string(c.ssrc) + " msid:berth " + m.kind);
  }
  for (const auto& candidate : own.candidates) line("a=" + candidate);
  line("a=end-of-candidates");
}

}  // namespace

result<rtc_offer, std::string> parse_rtc_offer(std::string_view text) { return parser{}.parse(text); }

bool answerer_begins(const rtc_offer& offer) { return offer.setup == "passive"; }

std::vector<rtc_choice> choose_to_send(const rtc_offer& offer, const std::vector<track_ptr>& tracks,
                                       std::uint32_t first_ssrc) {
  std::vector<rtc_choice> choices(offer.media.size());
  for (std::size_t t = 0; t < tracks.size(); ++t)
    for (std::size_t i = 0; i < choices.size(); ++i) {
      const auto& m = offer.media[i];
      if (choices[i].format || !m.receives || !is_media(m, tracks[t]->kind)) continue;
      if (const auto* f = find(m, tracks[t]->format)) {
        choices[i] = {*f, first_ssrc + static_cast<std::uint32_t>(t)};
        break;
      }
    }
  return choices;
}

std::vector<rtc_choice> choose_to_receive(const rtc_offer& offer, const std::vector<std::string>& preferred) {
  std::vector<rtc_choice> choices(offer.media.size());
  for (const auto kind : {media_kind::video, media_kind::audio})
    for (std::size_t i = 0; i < choices.size(); ++i) {
      const auto& m = offer.media[i];
      if (!m.sends || !is_media(m, kind)) continue;
      const rtc_format* best = nullptr;
      for (const auto& name : preferred)
        for (std::size_t c = 0; c < codec_count && best == nullptr; ++c) {
          const auto format = static_cast<codec>(c);
          if (is_video(format) == (kind == media_kind::video) && map_of(format).starts_with(lower(name) + "/"))
            best = find(m, format);
        }
      if (best == nullptr) continue;
      choices[i].format = *best;
      break;
    }
  return choices;
}

std::string make_rtc_answer(const rtc_offer& offer, const std::vector<rtc_choice>& choices, const ice_parameters& own,
                            const std::string& fingerprint, const std::string& name) {
  std::string out = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=" + name + "\r\nt=0 0\r\na=group:BUNDLE";
  for (std::size_t i = 0; i < choices.size(); ++i)
    if (choices[i].format) out += " " + offer.media[i].mid;
  out += "\r\na=msid-semantic: WMS berth\r\n";
  for (std::size_t i = 0; i < choices.size(); ++i)
    write_section(out, offer, offer.media[i], choices[i], own, fingerprint);
  return out;
}

}  // namespace berth::net
