#include "api/recording/recording_paths.hpp"

#include <array>
#include <ctime>
#include <functional>

#include "api/text/text.hpp"

namespace berth::api {
namespace {

constexpr std::size_t longest_segment = 150;  // file systems allow 255, and a suffix comes behind it

bool is_harmless(unsigned char c) {
  return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         c == '-' || c == '.' || c == ' ' || c == '@' || c == '+' || c == '=';
}

std::string digest_of(std::string_view name) {
  const auto value = std::hash<std::string_view>{}(name);
  std::array<std::uint8_t, 8> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(value >> (56 - 8 * i));
  return to_hex(bytes);
}

std::string local_time(net::wall_time t, const char* form) {
  const auto seconds = net::wall_clock::to_time_t(t);
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  char text[64];
  return {text, std::strftime(text, sizeof text, form, &parts)};
}

}  // namespace

std::string path_segment(std::string_view name) {
  std::string text;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    // A leading dot hides a file, and two are the way out.
    if (is_harmless(byte) && !(byte == '.' && text.empty()))
      text += c;
    else
      text += '%' + to_hex({&byte, 1});
  }
  if (text.empty()) text = "%";
  if (text.size() <= longest_segment) return text;
  // Not in the middle of a UTF-8 character or of an encoded byte.
  auto end = longest_segment;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  if (const auto percent = text.rfind('%', end - 1); percent != text.npos && percent + 3 > end) end = percent;
  return text.substr(0, end) + '~' + digest_of(name);
}

std::filesystem::path record_root(const recording_settings& settings, std::string_view of_stream) {
  // Absolute, since hooks tell it to programs that run elsewhere in the file system.
  const auto& root = of_stream.empty() ? settings.root : std::string{of_stream};
  return std::filesystem::absolute(root).lexically_normal();
}

std::filesystem::path record_folder(const std::filesystem::path& root, std::string_view record_app,
                                    const actors::stream_key& key) {
  return root / path_segment(record_app) / path_segment(key.app) / path_segment(key.stream);
}

std::filesystem::path record_file(const std::filesystem::path& folder, net::wall_time begun, unsigned number,
                                  std::string_view suffix) {
  return folder / local_time(begun, "%Y-%m-%d") /
         (local_time(begun, "%Y-%m-%d-%H-%M-%S-") + std::to_string(number) + "." + std::string{suffix});
}

net::result<std::filesystem::path, std::string> below(const std::filesystem::path& root, std::string_view wanted) {
  const auto refused = [&](std::string_view why) {
    return net::failure{"the path '" + std::string{wanted} + "' " + std::string{why} + " '" + root.string() + "'"};
  };
  if (wanted.find('\0') != wanted.npos) return refused("holds a NUL byte, it must be a folder below");
  const auto base = std::filesystem::absolute(root).lexically_normal();
  const auto path = (base / std::filesystem::path{wanted}).lexically_normal();
  const auto relative = path.lexically_relative(base);
  if (relative.empty() || *relative.begin() == "..") return refused("is not below");
  return path;
}

}  // namespace berth::api
