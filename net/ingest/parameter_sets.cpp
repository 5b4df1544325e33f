#include "net/ingest/parameter_sets.hpp"

#include <algorithm>

#include "net/codec/bit_reader.hpp"
#include "net/codec/h264_syntax.hpp"
#include "net/codec/h265_syntax.hpp"

namespace berth::net {

bool parameter_sets::is_set(codec format, std::uint8_t type) noexcept {
  if (format == codec::h264) return type == h264::sps || type == h264::pps;
  return type >= h265::vps && type <= h265::pps;
}

parameter_sets::set_list& parameter_sets::list_for(std::uint8_t type) noexcept {
  if (format_ == codec::h264) return type == h264::sps ? sps_ : pps_;
  if (type == h265::vps) return vps_;
  return type == h265::sps ? sps_ : pps_;
}

// Sets of one kind replace each other by their number. The number of an H.265 SPS stands behind much else; cameras have
// one.
unsigned parameter_sets::id_of(bytes_view nal) const noexcept {
  if (format_ == codec::h264) {
    const std::size_t before = h264::type_of(nal) == h264::sps ? 4 : 1;
    return nal.size() > before ? bit_reader{nal.subspan(before)}.ue() : 0;
  }
  if (nal.size() <= h265::header_size || h265::type_of(nal) == h265::sps) return 0;
  bit_reader r{nal.subspan(h265::header_size)};
  return h265::type_of(nal) == h265::vps ? r.bits(4) : r.ue();
}

void parameter_sets::take(bytes_view nal) {
  if (nal.size() > max_size) return counters_.malformed.add();
  auto& list = list_for(format_ == codec::h264 ? h264::type_of(nal) : h265::type_of(nal));
  const auto same = [&](const auto& s) { return std::equal(s.begin(), s.end(), nal.begin(), nal.end()); };
  if (std::any_of(list.begin(), list.end(), same)) return;
  const auto id = id_of(nal);
  const auto old = std::find_if(list.begin(), list.end(), [&](const auto& s) { return id_of(s) == id; });
  if (old != list.end())
    old->assign(nal.begin(), nal.end());
  else if (list.size() < max_sets)
    list.emplace_back(nal.begin(), nal.end());
  else
    return counters_.malformed.add();
  changed_ = true;
}

const track_ptr& parameter_sets::current() {
  if (changed_ && !sps_.empty() && !pps_.empty() && (format_ == codec::h264 || !vps_.empty())) make_track();
  return track_;
}

void parameter_sets::make_track() {
  changed_ = false;
  const auto p = format_ == codec::h264 ? h264::parse_sps(sps_.front()) : h265::parse_sps(sps_.front());
  if (!p) return counters_.malformed.add();
  track t;
  t.format = format_;
  t.width = p->width;
  t.height = p->height;
  t.frame_rate = p->frame_rate;
  if (t.frame_rate == 0 && !vps_.empty()) t.frame_rate = h265::frame_rate_of_vps(vps_.front());
  t.profile = p->profile;
  t.level = p->level;
  t.reorder = p->reorder;
  t.vps = vps_;
  t.sps = sps_;
  t.pps = pps_;
  t.configuration = format_ == codec::h264 ? h264::make_avcc(sps_, pps_) : h265::make_hvcc(vps_, sps_, pps_);
  track_ = std::make_shared<const track>(std::move(t));
}

}  // namespace berth::net
