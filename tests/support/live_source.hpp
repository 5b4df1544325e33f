// A stream to watch, without a camera: frames of which only size, time and kind matter.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "net/media/fan_out.hpp"

namespace berth::tests {

/// H.264 as far as a muxer of FLV looks at it. Each frame's data is one NAL unit that holds the frame's number again and
/// again, so that a reader can tell which frames came to it, whole.
class live_source {
 public:
  live_source() : live_source(net::fan_out::limits{}) {}
  explicit live_source(net::fan_out::limits limits) : frames(std::make_shared<net::fan_out>(limits)) {
    change_track(1);
  }

  /// A new description of the same stream; `mark` is a byte of its configuration record.
  void change_track(std::uint8_t mark) {
    auto t = std::make_shared<net::track>();
    t->format = net::codec::h264;
    t->width = 640;
    t->height = 480;
    t->frame_rate = 25;
    t->configuration = {1, 0x42, mark, 0x1e, 0xff, 0xe0, 0};
    track_ = t;
    frames->set_tracks({track_});
  }

  /// One frame, 40 ms behind the one before; `size` is that of its data and at least 8 bytes.
  void write(bool key, std::size_t size = 100) {
    auto f = std::make_shared<net::frame>();
    f->of = track_;
    f->dts = f->pts = static_cast<std::int64_t>(number_) * 3600;
    f->key = key;
    f->data.assign(size, static_cast<std::uint8_t>(number_));
    const auto length = size - 4;
    for (std::size_t i = 0; i < 4; ++i) f->data[i] = static_cast<std::uint8_t>(length >> (24 - 8 * i));
    f->data[4] = key ? 0x65 : 0x41;
    f->data[5] = static_cast<std::uint8_t>(number_ >> 16);
    f->data[6] = static_cast<std::uint8_t>(number_ >> 8);
    f->data[7] = static_cast<std::uint8_t>(number_);
    ++number_;
    frames->on_frame(std::move(f));
    frames->publish();
  }
  /// A key frame and others behind it.
  void write_gop(std::size_t count, std::size_t size = 100) {
    for (std::size_t i = 0; i < count; ++i) write(i == 0, size);
  }

  std::uint32_t next() const noexcept { return number_; }  ///< number of the next frame

  const net::fan_out_ptr frames;

 private:
  net::track_ptr track_;
  std::uint32_t number_ = 0;
};

/// What a player sees in the bytes of an FLV stream, given in any pieces.
class flv_reader {
 public:
  struct picture {
    std::uint32_t number = 0;  ///< as live_source gave it
    bool key = false;
    bool whole = false;  ///< all bytes are the frame's
    std::uint32_t ms = 0;
    bool operator==(const picture&) const = default;
  };

  void take(const void* data, std::size_t count) {
    const auto* p = static_cast<const std::uint8_t*>(data);
    bytes_.insert(bytes_.end(), p, p + count);
    parse();
  }

  std::vector<picture> pictures;
  std::vector<std::uint8_t> configurations;  ///< the mark of each that came
  bool is_flv = false;                       ///< the file header was right
  bool broken = false;                       ///< what came then was no tag

 private:
  void parse() {
    std::size_t at = 0;
    const auto left = [&] { return bytes_.size() - at; };
    if (!is_flv) {
      if (left() < 13) return;
      is_flv = bytes_[0] == 'F' && bytes_[1] == 'L' && bytes_[2] == 'V' && bytes_[3] == 1;
      broken = !is_flv;
      at = 13;
    }
    while (!broken && left() >= 11) {
      const auto* tag = &bytes_[at];
      const std::size_t size = std::size_t{tag[1]} << 16 | std::size_t{tag[2]} << 8 | tag[3];
      if (tag[0] != 8 && tag[0] != 9 && tag[0] != 18) broken = true;
      if (broken || left() < 11 + size + 4) break;
      const auto* end = tag + 11 + size;
      const std::size_t back =
          std::size_t{end[0]} << 24 | std::size_t{end[1]} << 16 | std::size_t{end[2]} << 8 | end[3];
      broken = back != 11 + size;
      const auto ms = std::uint32_t{tag[7]} << 24 | std::uint32_t{tag[4]} << 16 | std::uint32_t{tag[5]} << 8 | tag[6];
      if (tag[0] == 9) video(tag + 11, size, ms);
      at += 11 + size + 4;
    }
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(at));
  }

  void video(const std::uint8_t* body, std::size_t size, std::uint32_t ms) {
    if (size > 7 && body[1] == 0) configurations.push_back(body[7]);
    if (size < 13 || body[1] != 1) return;
    const auto* nal = body + 5;
    picture p;
    p.key = body[0] >> 4 == 1;
    p.number = std::uint32_t{nal[5]} << 16 | std::uint32_t{nal[6]} << 8 | nal[7];
    p.whole = true;
    for (const auto* b = nal + 8; b != body + size; ++b) p.whole = p.whole && *b == static_cast<std::uint8_t>(p.number);
    p.ms = ms;
    pictures.push_back(p);
  }

  std::vector<std::uint8_t> bytes_;
};

}  // namespace berth::tests
