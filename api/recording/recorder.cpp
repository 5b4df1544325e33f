#include "api/recording/recorder.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "api/recording/recording_paths.hpp"
#include "net/egress/media_file.hpp"

namespace berth::api {
namespace {

namespace asio = boost::asio;

constexpr std::size_t frames_per_turn = 250;  // then another recording has its turn

std::string suffix_of(recording_kind kind) { return kind == recording_kind::mp4 ? "mp4" : "flv"; }

net::file_format format_of(recording_kind kind) {
  return kind == recording_kind::mp4 ? net::file_format::mp4 : net::file_format::flv;
}

}  // namespace

/// One stream being recorded. Made under the recorder's lock; everything else happens on its strand of the disk's
/// threads. Ends with its stream, when it is told to, or when the disk refuses.
class recorder::job : public std::enable_shared_from_this<job> {
 public:
  job(recorder& owner, recording_request request, std::filesystem::path root, std::filesystem::path folder)
      : owner_(owner),
        strand_(asio::make_strand(owner.given_.disk.get_executor())),
        request_(std::move(request)),
        root_(std::move(root)),
        folder_(std::move(folder)),
        frames_(std::move(request_.of.media)) {}

  void begin() {
    // At once: what is in the ring stays there for one who has a place. It wakes as soon as it is there.
    auto place = frames_->join([weak = weak_from_this()] {
      if (const auto s = weak.lock()) asio::post(s->strand_, [s] { s->proceed(); });
    });
    asio::post(strand_, [self = shared_from_this(), place = std::move(place)]() mutable {
      if (self->done_) return;
      self->place_ = std::move(place);
      self->proceed();
    });
  }

  /// Done when the file is complete. The caller keeps the job alive.
  asio::awaitable<void> end() {
    // g++ 12 destroys a temporary of a co_await expression twice: what owns something has a name of its own.
    const auto work = [this]() -> asio::awaitable<void> {
      read_to_the_end();
      co_return;
    };
    co_await asio::co_spawn(strand_, work, asio::use_awaitable);
  }
  void end_detached() {
    asio::post(strand_, [self = shared_from_this()] { self->read_to_the_end(); });
  }

 private:
  void proceed() {
    if (!place_) return;  // not yet, or not any more
    place_->rearm();
    const bool more = read(frames_per_turn);
    if (more && !done_) asio::post(strand_, [self = shared_from_this()] { self->proceed(); });
  }

  void read_to_the_end() {
    while (!done_ && read(frames_per_turn)) {
    }
    finish("");
  }

  /// True if there may be more.
  bool read(std::size_t most) {
    const auto batch = frames_->read(at_, most);
    for (const auto& f : batch.frames) {
      write(*f);
      if (done_) return false;
    }
    if (batch.ended) finish("");
    return batch.frames.size() == most;
  }

  void write(const net::frame& f) {
    const auto limit = std::int64_t{request_.max_second} * net::frame_clock;
    const bool may_cut = f.key || f.of->kind == net::media_kind::audio;
    const bool full = may_cut && f.dts - first_dts_ >= limit && (f.key || !has_video_);
    if (file_ && (full || !file_->fits(f))) close_file("");
    if (!file_ && !open_file(f)) return;
    if (const auto failed = file_->write(f); !failed.empty()) return finish(failed);
    last_dts_ = std::max(last_dts_, f.dts);
  }

  bool open_file(const net::frame& first) {
    const auto tracks = frames_->tracks();
    has_video_ =
        std::any_of(tracks.begin(), tracks.end(), [](const auto& t) { return t->kind == net::media_kind::video; });
    if (has_video_ && !first.key) return false;  // an empty beginning is worth nothing
    begun_ = net::wall_clock::now();
    path_ = record_file(folder_, begun_, number_++, suffix_of(request_.kind));
    std::error_code failed;
    std::filesystem::create_directories(path_.parent_path(), failed);
    if (failed) {
      finish("create " + path_.parent_path().string() + ": " + failed.message());
      return false;
    }
    auto opened = net::file_recorder::open(path_.string(), tracks, {.format = format_of(request_.kind)});
    if (!opened) {
      finish(opened.error());
      return false;
    }
    file_ = std::move(*opened);
    first_dts_ = last_dts_ = first.dts;
    return true;
  }

  void close_file(const std::string& error) {
    if (!file_) return;
    const auto closed = file_->close();
    file_.reset();
    auto done = std::make_shared<actors::recording>();
    done->path = path_.string();
    done->folder = folder_.string() + "/";
    done->url = path_.lexically_relative(root_).string();
    done->begun = begun_;
    done->length = std::chrono::duration_cast<net::duration>(
        std::chrono::duration<double>(static_cast<double>(last_dts_ - first_dts_) / net::frame_clock));
    done->bytes = closed.bytes;
    done->error = error.empty() ? closed.error : error;
    tell(std::move(done));
  }

  void tell(std::shared_ptr<const actors::recording> file) {
    actors::event e;
    e.kind = actors::event_kind::recorded;
    e.at = net::wall_clock::now();
    e.stream = std::make_shared<actors::stream_status>(request_.of.stream);
    e.file = std::move(file);
    owner_.given_.tell(std::move(e));
  }

  void finish(const std::string& error) {
    if (std::exchange(done_, true)) return;
    if (file_) {
      close_file(error);
    } else if (!error.empty()) {
      auto none = std::make_shared<actors::recording>();
      none->path = path_.string();
      none->folder = folder_.string() + "/";
      none->begun = begun_;
      none->error = error;
      tell(std::move(none));
    }
    place_.reset();
    owner_.forget({request_.of.stream.key, request_.kind}, this);
  }

  recorder& owner_;
  asio::strand<asio::thread_pool::executor_type> strand_;
  recording_request request_;
  std::filesystem::path root_, folder_;
  net::fan_out_ptr frames_;
  std::unique_ptr<net::fan_out::place> place_;
  net::fan_out::position at_;
  // the file under way
  std::unique_ptr<net::file_recorder> file_;
  std::filesystem::path path_;
  net::wall_time begun_;
  std::int64_t first_dts_ = 0, last_dts_ = 0;
  unsigned number_ = 0;
  bool has_video_ = false;
  bool done_ = false;
};

recorder::recorder(dependencies given) : given_(std::move(given)) {}
recorder::~recorder() = default;

std::optional<std::string> recorder::start(recording_request request) {
  const auto settings = given_.settings();
  const auto root = record_root(settings, request.of.stream.publish.mp4_save_path);
  if (request.max_second == 0) request.max_second = request.of.stream.publish.mp4_max_second;
  auto folder = record_folder(root, settings.app, request.of.stream.public_key());
  if (!request.folder.empty()) {
    const auto chosen = below(root, request.folder);
    if (!chosen) return chosen.error();
    folder = *chosen;
  }
  const job_key key{request.of.stream.key, request.kind};
  const std::lock_guard lock{mutex_};
  auto& place = jobs_[key];
  if (place) return "it is recorded already";
  place = std::make_shared<job>(*this, std::move(request), root, std::move(folder));
  place->begin();
  return std::nullopt;
}

asio::awaitable<bool> recorder::stop(actors::stream_key key, recording_kind kind) {
  std::shared_ptr<job> found;
  {
    const std::lock_guard lock{mutex_};
    if (const auto it = jobs_.find({key, kind}); it != jobs_.end()) found = it->second;
  }
  if (!found) co_return false;
  co_await found->end();
  co_return true;
}

bool recorder::is_recording(const actors::stream_key& key, recording_kind kind) const {
  const std::lock_guard lock{mutex_};
  return jobs_.contains({key, kind});
}

void recorder::follow(const actors::event& e) {
  if (e.kind != actors::event_kind::media_registered || !e.stream->publish.enable_mp4) return;
  given_.media({e.stream->key, e.stream->generation}, [this](actors::outcome<actors::media_handle> found) {
    // One that has ended meanwhile leaves nothing to record.
    // Not on the thread of whoever answers: the disk is touched.
    if (!found) return;
    asio::post(given_.disk, [this, stream = std::move(*found)]() mutable {
      start({std::move(stream), recording_kind::mp4, 0, {}});
    });
  });
}

void recorder::stop_all() {
  std::vector<std::shared_ptr<job>> all;
  {
    const std::lock_guard lock{mutex_};
    for (const auto& [key, j] : jobs_) all.push_back(j);
  }
  for (const auto& j : all) j->end_detached();
}

void recorder::forget(const job_key& key, const job* done) {
  const std::lock_guard lock{mutex_};
  const auto found = jobs_.find(key);
  if (found != jobs_.end() && found->second.get() == done) jobs_.erase(found);
}

}  // namespace berth::api
