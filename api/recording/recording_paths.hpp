// Where recordings lie: names from outside become paths that can not leave the record root.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "actors/contract/stream_key.hpp"
#include "api/core/settings.hpp"
#include "net/base/result.hpp"
#include "net/base/time.hpp"

namespace berth::api {

/// One path segment for any text: bytes that mean something to a file system, or to a terminal, are percent-encoded;
/// what is too long is cut and gets a digest of the whole.
std::string path_segment(std::string_view name);

/// The directory that all recordings lie in: the configuration's, or the one that a stream was published with.
std::filesystem::path record_root(const recording_settings& settings, std::string_view of_stream = {});

/// ROOT/RECORD_APP/APP/STREAM
std::filesystem::path record_folder(const std::filesystem::path& root, std::string_view record_app,
                                    const actors::stream_key& key);

/// FOLDER/yyyy-MM-dd/yyyy-MM-dd-HH-mm-ss-NUMBER.SUFFIX, in local time, as clients expect it.
std::filesystem::path record_file(const std::filesystem::path& folder, net::wall_time begun, unsigned number,
                                  std::string_view suffix);

/// `wanted`, relative to `root` or absolute; refused if it is not below it.
net::result<std::filesystem::path, std::string> below(const std::filesystem::path& root, std::string_view wanted);

}  // namespace berth::api
