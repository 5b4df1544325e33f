#include "net/source/container_units.hpp"

#include "net/codec/aac_syntax.hpp"

namespace berth::net {
namespace {

/// Big endian numbers from the front of some bytes; what is not there leaves it empty and failed.
class reader {
 public:
  explicit reader(bytes_view bytes) : rest_(bytes) {}

  std::uint32_t number(std::size_t size) {
    std::uint32_t value = 0;
    for (const auto byte : take(size)) value = value << 8 | byte;
    return value;
  }
  bytes_view take(std::size_t size) {
    if (size > rest_.size()) {
      failed_ = true;
      rest_ = {};
      return {};
    }
    const auto taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  bool empty() const noexcept { return rest_.empty(); }
  bool failed() const noexcept { return failed_; }

 private:
  bytes_view rest_;
  bool failed_ = false;
};

constexpr std::size_t least_avcc = 7, least_hvcc = 23;

bool has_start_code(bytes_view b) noexcept {
  return b.size() >= 4 && b[0] == 0 && b[1] == 0 && (b[2] == 1 || (b[2] == 0 && b[3] == 1));
}

bool is_record(codec format, bytes_view b) noexcept {
  return b.size() >= (format == codec::h265 ? least_hvcc : least_avcc) && !has_start_code(b);
}

void give_nal(bytes_view nal, elementary_sink& to) {
  if (nal.empty()) return;
  to.nal_begin();
  to.nal_bytes(nal);
  to.nal_end();
}

bool give_sets(codec format, bytes_view record, elementary_sink& to) {
  reader r{record};
  const auto give = [&](std::uint32_t count) {
    for (; count > 0 && !r.failed(); --count) give_nal(r.take(r.number(2)), to);
  };
  if (format == codec::h265) {
    r.take(least_hvcc - 1);
    for (auto arrays = r.number(1); arrays > 0 && !r.failed(); --arrays) {
      r.take(1);
      give(r.number(2));
    }
  } else {
    r.take(5);
    give(r.number(1) & 31);
    give(r.number(1));
  }
  return !r.failed();
}

bool give_picture(const container_unit& u, bytes_view configuration, elementary_sink& to) {
  const auto format = u.stream.format;
  if (!is_record(format, configuration)) {
    if (u.key && has_start_code(configuration)) to.bytes(configuration);
    to.bytes(u.data);
    return true;
  }
  const bool whole_sets = !u.key || give_sets(format, configuration, to);
  const std::size_t length_size = (configuration[format == codec::h265 ? 21 : 4] & 3) + 1;
  reader r{u.data};
  while (!r.empty() && !r.failed()) give_nal(r.take(r.number(length_size)), to);
  return whole_sets && !r.failed();
}

bool give_sound(const container_unit& u, bytes_view configuration, elementary_sink& to) {
  if (u.stream.format == codec::aac && !aac::parse_adts(u.data)) {
    const auto header = aac::make_adts(configuration, u.data.size());
    if (!header) return false;
    to.bytes(*header);
  }
  to.bytes(u.data);
  return true;
}

}  // namespace

void give_unit(const container_unit& u, elementary_sink& to) {
  const auto configuration = u.configuration ? bytes_view{*u.configuration} : bytes_view{};
  to.unit_begin(u.stream, u.stamps);
  const bool whole = is_video(u.stream.format) ? give_picture(u, configuration, to) : give_sound(u, configuration, to);
  to.unit_end(!whole);
  if (is_video(u.stream.format)) to.access_unit_end();
}

}  // namespace berth::net
