#include "net/ingest/silence.hpp"

namespace berth::net {
namespace {

// ISO/IEC 14496-3 1.6.2.1: object type 2 (AAC LC), index 11 (8000 Hz), one channel.
constexpr std::uint8_t configuration[] = {0x15, 0x88};
// 4.4.2.1: a single channel element without one scale factor band, and the end. Nothing in it is more than 0 but the
// three bits of ID_END.
constexpr std::uint8_t nothing_to_hear[] = {0, 0, 0, 7};
constexpr std::int64_t longest_gap = 8 * silence::frame_length;

}  // namespace

silence::silence()
    : track_(std::make_shared<const net::track>(net::track{
          .format = codec::aac,
          .kind = media_kind::audio,
          .sample_rate = sample_rate,
          .channels = 1,
          .configuration = {std::begin(configuration), std::end(configuration)},
      })) {}

void silence::follow(const frame& picture, frame_sink& to) {
  if (!begun_ || picture.dts - next_ > longest_gap) next_ = picture.dts;
  begun_ = true;
  for (; next_ <= picture.dts; next_ += frame_length) {
    auto f = std::make_shared<frame>();
    f->of = track_;
    f->dts = f->pts = next_;
    f->data.assign(std::begin(nothing_to_hear), std::end(nothing_to_hear));
    to.on_frame(std::move(f));
  }
}

}  // namespace berth::net
