// Sources whose words are put into their mouths, for streams that the node fetches.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "net/source/media_source.hpp"
#include "tests/support/hex.hpp"
#include "tests/support/real_sets.hpp"

namespace berth::tests {

/// What a test and a source have in common; outlives the source.
struct fake_source {
  net::source_options_ptr what;
  std::function<void()> wake;
  std::deque<net::source_item> items;
  bool slow = false;  ///< it does not end at once when it is stopped
  bool stopped = false;
  bool gone = false;
  std::vector<net::duration> seeks;
  std::vector<double> speeds;
  std::uint64_t stamp = 0;

  void say(net::source_item item) {
    const bool first = items.empty();
    items.push_back(std::move(item));
    if (first) wake();
  }
  void open() { say({net::source_item::kind::opened, net::announced_tracks{true, false}}); }
  void lose(std::string why) { say({net::source_item::kind::lost, {}, {}, std::move(why)}); }
  void end(std::string why) { say({net::source_item::kind::ended, {}, {}, std::move(why)}); }
  /// A whole key frame of H.264, with so many bytes more in its slice.
  void picture(std::size_t more = 0) {
    net::source_item item;
    item.unit.stream = {0, net::codec::h264, 90000, 33};
    item.unit.stamps = net::raw_stamps{stamp, stamp};
    item.unit.key = true;
    const auto& sets = h264_sets[0];
    for (const auto& nal : {from_hex(sets.sps), from_hex(sets.pps), bytes{0x65, 0x88, 0x84, 0x21, 0xa0}}) {
      append(item.unit.data, bytes{0, 0, 0, 1});
      append(item.unit.data, nal);
    }
    item.unit.data.resize(item.unit.data.size() + more, 0xa5);
    stamp += 3600;
    say(std::move(item));
  }
};

/// Makes them and keeps them.
class fake_sources {
 public:
  net::source_factory factory() {
    return [this](net::source_options_ptr what, std::function<void()> wake) -> std::unique_ptr<net::media_source> {
      auto state = std::make_shared<fake_source>();
      state->what = std::move(what);
      state->wake = std::move(wake);
      all.push_back(state);
      return std::make_unique<voice>(state);
    };
  }

  std::vector<std::shared_ptr<fake_source>> all;

 private:
  class voice final : public net::media_source {
   public:
    explicit voice(std::shared_ptr<fake_source> state) : state_(std::move(state)) {}
    ~voice() override { state_->gone = true; }
    std::deque<net::source_item> take() override { return std::exchange(state_->items, {}); }
    void stop() override {
      state_->stopped = true;
      if (!state_->slow) state_->end("it was stopped");
    }
    void seek(net::duration to) override { state_->seeks.push_back(to); }
    void set_speed(double factor) override { state_->speeds.push_back(factor); }

   private:
    std::shared_ptr<fake_source> state_;
  };
};

}  // namespace berth::tests
