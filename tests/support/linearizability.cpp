#include "tests/support/linearizability.hpp"

#include <algorithm>

namespace berth::tests {

placement::placement(std::vector<instant> invoked, std::vector<instant> returned)
    : invoked_(std::move(invoked)),
      returned_(std::move(returned)),
      bits_(invoked_.size() / 64 + 1),
      invocation_rank_(invoked_.size()),
      return_rank_(invoked_.size()) {
  for (std::size_t i = 0; i < invoked_.size(); ++i) (returned_[i] == never ? pending_ : by_invocation_).push_back(i);
  by_return_ = by_invocation_;
  answered_ = by_invocation_.size();
  const auto by = [](const std::vector<instant>& when) {
    return [&when](std::size_t a, std::size_t b) { return when[a] < when[b]; };
  };
  std::stable_sort(by_invocation_.begin(), by_invocation_.end(), by(invoked_));
  std::stable_sort(pending_.begin(), pending_.end(), by(invoked_));
  std::stable_sort(by_return_.begin(), by_return_.end(), by(returned_));
  for (std::size_t rank = 0; rank < answered_; ++rank) {
    invocation_rank_[by_invocation_[rank]] = rank;
    return_rank_[by_return_[rank]] = rank;
  }
}

void placement::place(std::size_t i) {
  bits_[i / 64] |= std::uint64_t{1} << (i % 64);
  if (returned_[i] != never) ++placed_answered_;
}

void placement::take_back(std::size_t i) {
  bits_[i / 64] &= ~(std::uint64_t{1} << (i % 64));
  if (returned_[i] == never) return;
  --placed_answered_;
  first_invoked_ = std::min(first_invoked_, invocation_rank_[i]);
  first_returned_ = std::min(first_returned_, return_rank_[i]);
}

void placement::settle() {
  while (first_invoked_ < answered_ && is_placed(by_invocation_[first_invoked_])) ++first_invoked_;
  while (first_returned_ < answered_ && is_placed(by_return_[first_returned_])) ++first_returned_;
}

instant placement::horizon() {
  settle();
  return first_returned_ < answered_ ? returned_[by_return_[first_returned_]] : never;
}

std::size_t placement::most_urgent() {
  settle();
  return by_return_.at(first_returned_);
}

std::vector<std::size_t> placement::candidates() {
  const auto end = horizon();
  std::vector<std::size_t> found;
  for (auto rank = first_invoked_; rank < answered_ && invoked_[by_invocation_[rank]] <= end; ++rank)
    if (!is_placed(by_invocation_[rank])) found.push_back(by_invocation_[rank]);
  for (const auto i : pending_) {
    if (invoked_[i] > end) break;
    if (!is_placed(i)) found.push_back(i);
  }
  return found;
}

std::string placement::fingerprint() const {
  return {reinterpret_cast<const char*>(bits_.data()), bits_.size() * sizeof(std::uint64_t)};
}

}  // namespace berth::tests
