#include "api/viewers/hls_streams.hpp"

#include <vector>

namespace berth::api {

hls_stream_ptr hls_streams::find(const actors::stream_key& asked_for, net::container as) {
  const std::lock_guard lock{mutex_};
  const auto found = names_.find({asked_for, as});
  return found == names_.end() ? nullptr : found->second.lock();
}

hls_stream_ptr hls_streams::open(const actors::stream_key& asked_for, const actors::watched& stream, net::container as,
                                 const viewer_settings& settings, const boost::asio::any_io_executor& executor) {
  const life l{stream.generation, as};
  const std::lock_guard lock{mutex_};
  if (stopped_) return nullptr;
  auto& session = sessions_[l];
  if (!session) {
    const auto number = std::to_string(stream.generation) + "-" + std::to_string(++last_);
    const auto self = std::make_shared<const hls_stream*>();
    session = std::make_shared<hls_stream>(executor, number, stream.key, stream.media, settings, as,
                                           [this, l, self] { forget(l, *self); });
    *self = session.get();
    session->start();
  }
  std::erase_if(names_, [](const auto& n) { return n.second.expired(); });
  names_[{asked_for, as}] = session;
  names_[{stream.key, as}] = session;
  return session;
}

void hls_streams::forget(const life& l, const hls_stream* session) {
  const std::lock_guard lock{mutex_};
  const auto found = sessions_.find(l);
  if (found == sessions_.end() || found->second.get() != session) return;
  std::erase_if(names_, [&](const auto& n) { return n.second.lock() == found->second; });
  sessions_.erase(found);
}

std::size_t hls_streams::size() const {
  const std::lock_guard lock{mutex_};
  return sessions_.size();
}

void hls_streams::stop() {
  std::map<life, hls_stream_ptr> all;
  {
    const std::lock_guard lock{mutex_};
    stopped_ = true;
    all.swap(sessions_);
    names_.clear();
  }
  for (const auto& [l, session] : all) session->end(true);
}

}  // namespace berth::api
