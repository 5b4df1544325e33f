#include "api/hooks/hook_try.hpp"

#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <system_error>
#include <type_traits>
#include <utility>

#include "api/hooks/hook_answer.hpp"
#include "api/text/text.hpp"

namespace berth::api {
namespace {

using actors::hook_outcome;

constexpr std::size_t longest_answer = 64 * 1024;  // of the body, and of the headers; answers are a code and a sentence
// Receivers commonly close idle connections after a minute; one that is kept for longer would only be found closed.
constexpr long longest_idle_sec = 50;
constexpr long on = 1;

// A virtual host is a text from outside: one that is no header value is left out.
bool is_header_value(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
}

std::string host_of(const std::string& url) {
  const auto receiver = actors::receiver_of(url);
  return receiver.substr(receiver.find("://") + 3);
}

}  // namespace

hook_try::hook_try(const actors::hook_delivery& delivery, std::string body, X509_STORE* trust)
    : body_(std::move(body)),
      host_(host_of(delivery.url)),
      timeout_(delivery.settings->timeout),
      trust_(trust),
      transfer_(::curl_easy_init()) {
  // Without a scheme libcurl would guess one.
  if (!starts_with_ignoring_case(delivery.url, "http://") && !starts_with_ignoring_case(delivery.url, "https://"))
    throw std::runtime_error{"not an http or https URL"};
  if (!transfer_) throw std::bad_alloc{};
  set_up(delivery);
  add_headers(delivery);
}

template <class Value>
void hook_try::set(CURLoption option, Value value) {
  if (const auto failed = ::curl_easy_setopt(transfer_.get(), option, value); failed != CURLE_OK)
    throw std::runtime_error{"libcurl refuses its option " + std::to_string(option) + ": " +
                             ::curl_easy_strerror(failed)};
}

void hook_try::set_up(const actors::hook_delivery& delivery) {
  set(CURLOPT_ERRORBUFFER, error_.data());
  set(CURLOPT_URL, delivery.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_PATH_AS_IS, on);
  set(CURLOPT_PROXY, "");  // nor one that the environment names
  const auto timeout = net::to_ms(timeout_);
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<decltype(timeout)>(timeout, 1)));  // 0 would be for ever
  set(CURLOPT_MAXAGE_CONN, longest_idle_sec);
  set(CURLOPT_NOSIGNAL, on);
  // A query of a name that is given up ends on its own thread: nobody else waits for it.
  set(CURLOPT_QUICK_EXIT, on);

  set(CURLOPT_POST, on);
  set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body_.size()));
  set(CURLOPT_POSTFIELDS, body_.data());
  set(CURLOPT_USERAGENT, "Berth");

  // The trust is the caller's alone; the store would be read anew for each connection.
  set(CURLOPT_CAINFO, static_cast<char*>(nullptr));
  set(CURLOPT_CAPATH, static_cast<char*>(nullptr));

  set(CURLOPT_OPENSOCKETFUNCTION, &hook_try::on_socket);
  set(CURLOPT_OPENSOCKETDATA, this);
  set(CURLOPT_SSL_CTX_FUNCTION, &hook_try::on_handshake);
  set(CURLOPT_SSL_CTX_DATA, this);
  set(CURLOPT_PREREQFUNCTION, &hook_try::on_connected);
  set(CURLOPT_PREREQDATA, this);
  set(CURLOPT_HEADERFUNCTION, &hook_try::on_header);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &hook_try::on_body);
  set(CURLOPT_WRITEDATA, this);
}

void hook_try::add_headers(const actors::hook_delivery& d) {
  add_header("Content-Type: application/json");
  add_header("Expect:");  // no receiver is asked beforehand
  const auto* about =
      d.question ? std::get_if<actors::stream_status>(&d.question->about) : (d.event ? d.event->stream.get() : nullptr);
  if (about != nullptr && is_header_value(about->key.vhost.str())) add_header("X-VHOST: " + about->key.vhost.str());
  add_header("X-Berth-Hook-Id: " + std::to_string(d.id));
  add_header("X-Berth-Hook-Attempt: " + std::to_string(d.attempt));
  if (const auto& secret = d.settings->secret; !secret.empty())
    add_header("X-Berth-Signature: " + hook_signature(secret, body_));
  set(CURLOPT_HTTPHEADER, headers_.get());
}

void hook_try::add_header(const std::string& line) {
  auto* longer = ::curl_slist_append(headers_.get(), line.c_str());
  if (longer == nullptr) throw std::bad_alloc{};
  if (!headers_) headers_.reset(longer);
}

// ---- while it is under way ----------------------------------------------------------------------------------------

curl_socket_t hook_try::on_socket(void* self, curlsocktype, curl_sockaddr* to) noexcept {
  static_cast<hook_try*>(self)->phase_ = "connecting";
  return ::socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

CURLcode hook_try::on_handshake(CURL*, void* tls, void* self) noexcept {
  auto& t = *static_cast<hook_try*>(self);
  t.phase_ = "shaking hands";
  ::SSL_CTX_set1_cert_store(static_cast<SSL_CTX*>(tls), t.trust_);
  return CURLE_OK;
}

int hook_try::on_connected(void* self, char*, char*, int, int) noexcept {
  static_cast<hook_try*>(self)->phase_ = "waiting for the answer";
  return CURL_PREREQFUNC_OK;
}

// Both end the transfer by taking less than there is.

std::size_t hook_try::on_header(char*, std::size_t, std::size_t size, void* self) noexcept {
  auto& t = *static_cast<hook_try*>(self);
  t.header_bytes_ += size;
  t.too_long_ = t.header_bytes_ > longest_answer;
  return t.too_long_ ? 0 : size;
}

std::size_t hook_try::on_body(char* bytes, std::size_t, std::size_t size, void* self) noexcept {
  auto& t = *static_cast<hook_try*>(self);
  t.too_long_ = t.answer_.size() + size > longest_answer;
  if (t.too_long_) return 0;
  t.answer_.append(bytes, size);
  return size;
}

// ---- how it ended -------------------------------------------------------------------------------------------------

hook_outcome hook_try::outcome(CURLcode end) const {
  if (end == CURLE_OK) {
    long status = 0;
    ::curl_easy_getinfo(transfer_.get(), CURLINFO_RESPONSE_CODE, &status);
    return hook_answer(static_cast<unsigned>(status), answer_);
  }
  return hook_outcome::failed(cause(end) + " (" + host_ + ")");
}

std::string hook_try::cause(CURLcode end) const {
  if (too_long_) return "the answer is longer than " + std::to_string(longest_answer) + " bytes";
  const std::string phase{phase_};
  if (end == CURLE_OPERATION_TIMEDOUT) {
    const auto seconds = std::chrono::duration<double>(timeout_).count();
    return "no answer within " + std::to_string(seconds) + " s, while " + phase;
  }
  long number = 0;
  ::curl_easy_getinfo(transfer_.get(), CURLINFO_OS_ERRNO, &number);
  if (end == CURLE_COULDNT_CONNECT && number != 0)
    return phase + ": " + std::generic_category().message(static_cast<int>(number));
  const std::string words = error_.front() != '\0' ? error_.data() : ::curl_easy_strerror(end);
  return (end == CURLE_URL_MALFORMAT ? "not an http or https URL" : phase) + ": " + words;
}

}  // namespace berth::api
