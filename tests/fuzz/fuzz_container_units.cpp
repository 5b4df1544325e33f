// Hostile frames and configurations out of containers: as much comes out as went in, and every unit is closed.
#include <cstddef>
#include <cstdint>

#include "net/source/container_units.hpp"
#include "tests/fuzz/require.hpp"

using namespace berth::net;

namespace {

/// Keeps the order of calls and the number of bytes.
struct checking_sink final : elementary_sink {
  bool open = false, in_nal = false;
  std::size_t given = 0;

  void unit_begin(const elementary_stream&, std::optional<raw_stamps>) override {
    require(!open);
    open = true;
  }
  void bytes(bytes_view piece) override {
    require(open && !in_nal);
    given += piece.size();
  }
  void nal_begin() override {
    require(open && !in_nal);
    in_nal = true;
  }
  void nal_bytes(bytes_view piece) override {
    require(in_nal && !piece.empty());
    given += piece.size();
  }
  void nal_end() override {
    require(in_nal);
    in_nal = false;
  }
  void unit_end(bool) override {
    require(open && !in_nal);
    open = false;
  }
  void lost() override {}
  void access_unit_end() override { require(!open); }
};

}  // namespace

// The input is: codec and key frame (1 byte), size of the configuration (1 byte), the configuration, the frame.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  constexpr codec codecs[] = {codec::h264, codec::h265, codec::aac, codec::pcma};
  container_unit u;
  u.stream.format = codecs[data[0] & 3];
  u.key = (data[0] & 4) != 0;
  bytes_view rest{data + 2, size - 2};
  const auto configured = std::min<std::size_t>(data[1], rest.size());
  u.configuration =
      std::make_shared<const std::vector<std::uint8_t>>(rest.begin(), rest.begin() + static_cast<long>(configured));
  rest = rest.subspan(configured);
  u.data.assign(rest.begin(), rest.end());
  checking_sink sink;
  give_unit(u, sink);
  require(!sink.open);
  require(sink.given <= size + 7);  // an ADTS header
  return 0;
}
