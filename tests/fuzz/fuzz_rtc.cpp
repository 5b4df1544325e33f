// Hostile offers and feedback: what is read has bounds, and what is answered can be read.
#include <cstddef>
#include <cstdint>
#include <string>

#include "net/rtc/dtls_srtp.hpp"
#include "net/rtc/rtc_description.hpp"
#include "net/rtp/rtcp_feedback.hpp"
#include "tests/fuzz/require.hpp"

using namespace berth::net;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const bytes_view input{data, size};
  static_cast<void>(kind_of(input));
  std::size_t wanted = 0;
  for_each_wanted(input, [&](std::uint32_t, std::uint16_t) { ++wanted; });
  require(wanted <= size / 4 * 17);

  const auto offer = parse_rtc_offer({reinterpret_cast<const char*>(data), size});
  if (!offer) {
    require(!offer.error().empty());
    return 0;
  }
  require(!offer->media.empty() && offer->media.size() <= 16);
  auto picture = std::make_shared<track>(), sound = std::make_shared<track>();
  picture->format = codec::h264;
  sound->format = codec::pcma;
  sound->kind = media_kind::audio;
  for (const auto& choices :
       {choose_to_send(*offer, {picture, sound}, 7), choose_to_receive(*offer, {"PCMA", "opus", "H264"})}) {
    require(choices.size() == offer->media.size());
    const auto answer = make_rtc_answer(*offer, choices, {"u", "p", {"candidate:1"}}, "AB", "x");
    bool any = false;
    for (const auto& c : choices) any = any || c.format;
    const auto again = parse_rtc_offer(answer);
    if (any && answer.size() <= longest_description) require(again && again->media.size() == offer->media.size());
  }
  return 0;
}
