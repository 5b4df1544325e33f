// Writes down what an elementary_sink is told, with pieces joined: how the bytes were cut must not matter.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "net/ingest/elementary_sink.hpp"
#include "tests/support/packets.hpp"

namespace berth::tests {

/// A value of one test. Calls that do not belong where they come are not written down but make it unsound.
class recording_sink final : public net::elementary_sink {
 public:
  struct unit {
    net::elementary_stream stream;
    std::optional<net::raw_stamps> stamps;
    tests::bytes bytes{};              ///< what came through bytes(), joined
    std::vector<tests::bytes> nals{};  ///< what came through nal_bytes(), joined
    bool damaged = false;

    bool operator==(const unit&) const = default;
  };

  void unit_begin(const net::elementary_stream& stream, std::optional<net::raw_stamps> stamps) override {
    sound = sound && !open;
    open = true;
    units.push_back({.stream = stream, .stamps = stamps});
  }
  void bytes(net::bytes_view piece) override {
    sound = sound && open && !in_nal_ && !piece.empty();
    if (open) join(units.back().bytes, piece);
  }
  void nal_begin() override {
    sound = sound && open && !in_nal_;
    in_nal_ = true;
    if (open) units.back().nals.emplace_back();
  }
  void nal_bytes(net::bytes_view piece) override {
    sound = sound && open && in_nal_;
    if (open && in_nal_) join(units.back().nals.back(), piece);
  }
  void nal_end() override {
    sound = sound && in_nal_;
    in_nal_ = false;
  }
  void unit_end(bool damaged) override {
    sound = sound && open && !in_nal_;
    if (open) units.back().damaged = damaged;
    open = false;
  }
  void lost() override { losses.push_back(units.size()); }
  void access_unit_end() override { access_unit_ends.push_back({units.size(), open}); }

  bool operator==(const recording_sink& other) const {
    return units == other.units && losses == other.losses && access_unit_ends == other.access_unit_ends &&
           open == other.open && sound == other.sound;
  }

  struct marker {
    std::size_t units = 0;  ///< begun before it
    bool inside = false;    ///< the last of them was open

    bool operator==(const marker&) const = default;
  };

  std::vector<unit> units;
  std::vector<std::size_t> losses;  ///< for each lost(): units begun before it
  std::vector<marker> access_unit_ends;
  bool open = false;  ///< a unit is
  bool sound = true;  ///< begins and ends belong together, bytes come inside only

 private:
  static void join(tests::bytes& to, net::bytes_view piece) { append(to, {piece.begin(), piece.end()}); }

  bool in_nal_ = false;
};

}  // namespace berth::tests
