// Recordings that lie on the disk: which there are, which one is meant, and their removal.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/contract/stream_key.hpp"
#include "api/core/settings.hpp"
#include "net/base/result.hpp"

namespace berth::api {

/// All paths that clients give stay below the record root. The disk is touched on its own thread.
/// Owned by the daemon; any thread may call it.
class recording_archive {
 public:
  template <class T>
  using answer = boost::asio::awaitable<net::result<T, std::string>>;

  recording_archive(boost::asio::thread_pool& disk, std::function<recording_settings()> settings)
      : disk_(disk), settings_(std::move(settings)) {}

  /// What a request names of one stream's recordings.
  struct place {
    actors::stream_key key;
    std::string period;  ///< a day ("2026-11-25") or a month ("2026-11")
    std::string name;    ///< a file of a day; empty = all of it
    std::string folder;  ///< below the record root, in place of the stream's own; empty = by the stream's name
  };
  struct file_list {
    std::string root;
    std::vector<std::string> paths;
  };
  /// Files of a day, or the days of a month.
  answer<file_list> files(place where) const;
  /// Removes a file, a day or a month; the path of it. `recording`: the newest file is being written, and stays.
  answer<std::string> remove(place what, bool recording) const;
  /// The absolute path of a file below the root, links in it followed.
  answer<std::string> find(std::string wanted) const;

 private:
  net::result<std::filesystem::path, std::string> folder_of(const place& where) const;

  boost::asio::thread_pool& disk_;
  std::function<recording_settings()> settings_;
};

}  // namespace berth::api
