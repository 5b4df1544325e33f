#include "net/ingest/decoding_order.hpp"

#include <algorithm>

namespace berth::net {

std::int64_t decoding_order::place(std::int64_t pts, int depth, std::int64_t distance) noexcept {
  const auto announced = std::min(max_depth, static_cast<std::size_t>(std::max(depth, 0)));
  depth_ = std::max(depth_, announced);
  if (!begun_) {
    begun_ = true;
    last_ = pts - static_cast<std::int64_t>(depth_ + 1) * distance;
    // As if the pictures before had been there.
    for (std::size_t i = 0; i < depth_; ++i)
      waiting_[count_++] = pts - static_cast<std::int64_t>(depth_ - i) * distance;
  }
  if (pts < last_ && depth_ < max_depth) ++depth_;
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(count_);
  const auto at = std::upper_bound(waiting_.begin(), end, pts);
  std::move_backward(at, end, end + 1);
  *at = pts;
  ++count_;
  if (count_ <= depth_) return last_ = std::min(last_ + 1, pts);
  const auto smallest = waiting_[0];
  std::move(waiting_.begin() + 1, waiting_.begin() + static_cast<std::ptrdiff_t>(count_), waiting_.begin());
  --count_;
  return last_ = std::max(smallest, std::min(last_ + 1, pts));
}

}  // namespace berth::net
