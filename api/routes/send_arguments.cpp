#include "api/routes/send_arguments.hpp"

#include <chrono>

namespace berth::api {
namespace {

constexpr std::int64_t default_patience_ms = 5000;
constexpr std::int64_t longest_patience_ms = 7LL * 24 * 3600 * 1000;

}  // namespace

net::result<actors::send_request, std::string> read_send_arguments(const arguments& args) {
  actors::send_request r;
  r.ssrc_text = args.text("ssrc");
  const auto ssrc = args.ssrc("ssrc");
  if (!ssrc) return net::failure{ssrc.error()};
  r.ssrc = *ssrc;
  const auto port = args.port("src_port");
  if (!port) return net::failure{port.error()};
  r.local_port = *port;
  const auto pt = args.integer("pt", 0, 127, 96);
  if (!pt) return net::failure{pt.error()};
  r.payload_type = static_cast<std::uint8_t>(*pt);
  const auto type = args.integer("type", 0, 2, 1);
  if (!type) return net::failure{type.error()};
  r.packing = static_cast<net::rtp_packing>(*type);
  if (args.has("use_ps")) r.packing = args.flag("use_ps") ? net::rtp_packing::ps : net::rtp_packing::es;
  r.audio_only = args.flag("only_audio");
  r.beside_others = args.flag("ssrc_multi_send");
  // Not every number is a yes: a controller sends milliseconds here and does not want them.
  r.expect_reports = args.flag("udp_rtcp_timeout");
  r.answering_stream = args.text("recv_stream_id");
  const auto patience = args.integer("close_delay_ms", 0, longest_patience_ms, 0);
  if (!patience) return net::failure{patience.error()};
  r.receiver_wait = std::chrono::milliseconds{*patience == 0 ? default_patience_ms : *patience};
  return r;
}

}  // namespace berth::api
