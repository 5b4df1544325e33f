// One try to deliver a hook, as one transfer of libcurl: what is asked, and what comes of it in words.
#pragma once

#include <curl/curl.h>
#include <openssl/types.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "actors/events/hook.hpp"

namespace berth::api {

/// Holds everything that the transfer points to. Owned by the hook client and touched on its thread only; dies when
/// the transfer is over and taken out of the client's set.
class hook_try {
 public:
  /// `trust`: what certificates are verified against; outlives the try. Throws a sentence for what is no URL of ours.
  hook_try(const actors::hook_delivery& delivery, std::string body, X509_STORE* trust);
  hook_try(const hook_try&) = delete;
  hook_try& operator=(const hook_try&) = delete;

  CURL* transfer() const noexcept { return transfer_.get(); }

  /// What the transfer's end means.
  actors::hook_outcome outcome(CURLcode end) const;

 private:
  struct deleter {
    void operator()(CURL* transfer) const noexcept { ::curl_easy_cleanup(transfer); }
    void operator()(curl_slist* headers) const noexcept { ::curl_slist_free_all(headers); }
  };

  void set_up(const actors::hook_delivery& delivery);
  void add_headers(const actors::hook_delivery& delivery);
  void add_header(const std::string& line);
  template <class Value>
  void set(CURLoption option, Value value);
  std::string cause(CURLcode end) const;

  // libcurl's calls, in the order in which they come
  static curl_socket_t on_socket(void* self, curlsocktype, curl_sockaddr* to) noexcept;
  static CURLcode on_handshake(CURL*, void* tls, void* self) noexcept;
  static int on_connected(void* self, char*, char*, int, int) noexcept;
  static std::size_t on_header(char* bytes, std::size_t, std::size_t size, void* self) noexcept;
  static std::size_t on_body(char* bytes, std::size_t, std::size_t size, void* self) noexcept;

  const std::string body_;
  const std::string host_;  ///< with its port, for sentences
  const net::duration timeout_;
  X509_STORE* const trust_;
  std::unique_ptr<CURL, deleter> transfer_;
  std::unique_ptr<curl_slist, deleter> headers_;
  std::array<char, CURL_ERROR_SIZE> error_{};
  std::string_view phase_ = "resolving the name";  ///< what it does
  std::size_t header_bytes_ = 0;
  std::string answer_;
  bool too_long_ = false;
};

}  // namespace berth::api
