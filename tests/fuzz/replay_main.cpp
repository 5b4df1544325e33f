// Runs a fuzz entry point over kept inputs: every corpus is a regression test, also where no fuzzer is installed. In a
// long run also over what random changes make of them.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <system_error>
#include <vector>

#include "tests/support/long_run.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using input = std::vector<char>;

std::optional<input> content_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  input bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in.good() && !in.eof()) return std::nullopt;
  return bytes;
}

void run(const input& bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

/// One that nobody kept, made of two that were: bits turned, bytes replaced, a piece taken out, doubled, or put into
/// the other.
input changed(input bytes, const input& other, std::mt19937& random) {
  const auto below = [&](std::size_t n) { return static_cast<std::ptrdiff_t>(n == 0 ? 0 : random() % n); };
  for (auto changes = 1 + random() % 6; changes > 0; --changes) {
    const auto from = bytes.begin() + below(bytes.size());
    const auto piece = below(1 + std::min<std::size_t>(64, static_cast<std::size_t>(bytes.end() - from)));
    const auto foreign = other.begin() + below(other.size());
    const auto foreign_piece = below(1 + std::min<std::size_t>(64, static_cast<std::size_t>(other.end() - foreign)));
    switch (bytes.empty() ? 4 : random() % 5) {
      case 0:
        *from = static_cast<char>(*from ^ (1 << random() % 8));
        break;
      case 1:
        *from = "\0\1\x7f\x80\xff"[random() % 5];
        break;
      case 2:
        bytes.erase(from, from + piece);
        break;
      case 3: {
        const input twice(from, from + piece);
        bytes.insert(from, twice.begin(), twice.end());
        break;
      }
      default:
        bytes.insert(from, foreign, foreign + foreign_piece);
    }
  }
  return bytes;
}

/// The same inputs in every run. What is in `last` when the program dies is the one that it died of.
void run_changed(const std::vector<input>& kept, std::chrono::seconds time, const std::string& last) {
  const int fd = ::open(last.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  std::printf("changed ones for %lld s, the one under way is in %s\n", static_cast<long long>(time.count()),
              last.c_str());
  std::fflush(stdout);
  std::mt19937 random{1};
  const auto end = std::chrono::steady_clock::now() + time;
  std::size_t done = 0;
  bool written = fd >= 0;
  for (; written && std::chrono::steady_clock::now() < end; ++done) {
    const auto bytes = changed(kept[random() % kept.size()], kept[random() % kept.size()], random);
    written = ::ftruncate(fd, 0) == 0 && ::pwrite(fd, bytes.data(), bytes.size(), 0) >= 0;
    run(bytes);
  }
  if (!written) throw std::system_error{errno, std::generic_category(), last};
  ::close(fd);
  std::filesystem::remove(last);
  std::printf("%zu changed ones\n", done);
}

}  // namespace

/// Arguments: corpus directories and single files.
int main(int argc, char** argv) {
  std::vector<std::filesystem::path> files;
  for (int i = 1; i < argc; ++i) {
    const std::filesystem::path path(argv[i]);
    if (!std::filesystem::is_directory(path)) {
      files.push_back(path);
      continue;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path))
      if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<input> kept;
  for (const auto& file : files)
    if (auto bytes = content_of(file)) kept.push_back(std::move(*bytes));
  for (const auto& bytes : kept) run(bytes);
  std::printf("%zu inputs\n", kept.size());
  if (kept.empty()) return 1;
  if (const auto factor = berth::tests::long_factor(); factor > 1)
    run_changed(kept, std::chrono::seconds{10 * factor}, std::string{argv[0]} + ".last");
  return 0;
}
