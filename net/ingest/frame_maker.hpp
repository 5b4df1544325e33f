// From elementary streams, whatever carried them, to the frames of a stream.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "net/ingest/audio_framer.hpp"
#include "net/ingest/decoding_order.hpp"
#include "net/ingest/timeline.hpp"
#include "net/ingest/video_assembler.hpp"
#include "net/media/frame.hpp"

namespace berth::net {

/// Which tracks are wanted.
enum class track_wish : std::uint8_t { all, audio, video };

/// Takes units from demultiplexers and depacketizers and gives frames: at most one video and one audio track, the first
/// of each kind that is served. Codecs that nobody announced are guessed from the bytes. Everything else is counted as
/// passed over. Owned by a stream's media receiver and touched by its thread only.
class frame_maker final : public elementary_sink {
 public:
  struct options {
    stamp_mode stamps = stamp_mode::relative;
    track_wish wish = track_wish::all;
    bool audio = true;
    std::size_t max_unit = 4 * 1024 * 1024;
  };

  frame_maker(frame_sink& out, media_counters& counters, const options& o);
  frame_maker(const frame_maker&) = delete;
  frame_maker& operator=(const frame_maker&) = delete;

  /// Before each packet: when it came, and its RTP time stamp, for PES packets that never have one.
  void set_packet(time_point arrival, std::uint32_t timestamp) noexcept {
    arrival_ = arrival;
    carrier_time_ = timestamp;
  }
  void flush();
  /// The sender starts anew: what is open is dropped, the time line goes on.
  void reset();

  track_ptr video() const { return video_ ? video_->current() : nullptr; }
  track_ptr audio() const { return audio_ ? audio_->current() : nullptr; }
  /// What was passed over last, for people; unknown = nothing was.
  codec passed_over() const noexcept { return passed_over_; }

  void unit_begin(const elementary_stream& stream, std::optional<raw_stamps> stamps) override;
  void bytes(bytes_view piece) override;
  void nal_begin() override;
  void nal_bytes(bytes_view piece) override;
  void nal_end() override;
  void unit_end(bool damaged) override;
  void lost() override;
  void access_unit_end() override;

 private:
  enum class taker : std::uint8_t { nobody, video, audio, guess };

  /// A track's way from raw stamps to the line.
  struct clock {
    std::optional<stamp_unwrapper> pts, dts;
    std::uint32_t rate = 90000;
    bool stamped = false;  // its units have had stamps of their own

    void begin(const elementary_stream& s);
  };

  codec known_codec(const elementary_stream& s) const noexcept;
  taker taker_for(const elementary_stream& s, codec format);
  std::optional<raw_stamps> stamps_for(clock& c, const std::optional<raw_stamps>& stamps) const;
  void begin_with(taker t, std::optional<raw_stamps> stamps);
  void guess(bool damaged);
  void take_picture(picture&& p);
  void take_sound(sound&& s);
  void give(std::size_t track, frame&& f, std::int64_t dts, std::int64_t pts, time_point arrival);

  // given
  frame_sink& out_;
  media_counters& counters_;
  const options options_;
  // owned
  std::unique_ptr<video_assembler> video_;
  std::unique_ptr<audio_framer> audio_;
  timeline line_;
  decoding_order order_;
  clock video_clock_, audio_clock_;
  // the unit under way
  taker current_ = taker::nobody;
  bool in_unit_ = false;
  std::optional<taker> interrupted_;  // by a unit of another stream
  elementary_stream stream_;
  std::optional<raw_stamps> unit_stamps_;
  std::vector<std::uint8_t> unknown_;  // its bytes, until they tell what they are
  // state
  struct guessed_stream {
    std::uint32_t id = 0;
    codec format = codec::unknown;
  };
  std::optional<guessed_stream> guessed_video_, guessed_audio_;
  std::optional<std::uint32_t> video_id_, audio_id_;
  time_point arrival_{};
  std::uint32_t carrier_time_ = 0;
  codec passed_over_ = codec::unknown;
};

}  // namespace berth::net
