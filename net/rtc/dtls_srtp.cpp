#include "net/rtc/dtls_srtp.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/srtp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <srtp2/srtp.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <mutex>

#include "net/base/freed_by.hpp"

namespace berth::net {
namespace {

constexpr long link_mtu = 1200;
constexpr long certificate_days = 365L * 20;
constexpr std::size_t key_size = 16, salt_size = 14;  // AES-CM-128 with HMAC-SHA1-80 (RFC 5764 4.1.2)
constexpr const char* profile = "SRTP_AES128_CM_SHA1_80";
constexpr const char* exporter = "EXTRACTOR-dtls_srtp";

using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using certificate_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using context_ptr = std::unique_ptr<SSL_CTX, freed_by<SSL_CTX_free>>;
using ssl_ptr = std::unique_ptr<SSL, freed_by<SSL_free>>;
using method_ptr = std::unique_ptr<BIO_METHOD, freed_by<BIO_meth_free>>;
using srtp_ptr = std::unique_ptr<srtp_ctx_t, freed_by<srtp_dealloc>>;

std::string openssl_error() {
  char text[256] = "unknown";
  if (const auto code = ERR_get_error(); code != 0) ERR_error_string_n(code, text, sizeof text);
  ERR_clear_error();
  return text;
}

std::string fingerprint_of(const X509& certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  X509_digest(&certificate, EVP_sha256(), digest.data(), &size);
  std::string text;
  for (unsigned i = 0; i < size; ++i) {
    if (i > 0) text += ':';
    text += "0123456789ABCDEF"[digest[i] >> 4];
    text += "0123456789ABCDEF"[digest[i] & 15];
  }
  return text;
}

bool same_ignoring_case(std::string_view a, std::string_view b) {
  const auto upper = [](char c) { return std::toupper(static_cast<unsigned char>(c)); };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return upper(x) == upper(y); });
}

class identity final : public dtls_identity {
 public:
  identity(key_ptr key, certificate_ptr certificate)
      : key_(std::move(key)), certificate_(std::move(certificate)), fingerprint_(fingerprint_of(*certificate_)) {}

  const std::string& fingerprint() const noexcept override { return fingerprint_; }
  EVP_PKEY* key() const noexcept { return key_.get(); }
  X509* certificate() const noexcept { return certificate_.get(); }

 private:
  key_ptr key_;
  certificate_ptr certificate_;
  std::string fingerprint_;
};

certificate_ptr sign(EVP_PKEY& key) {
  certificate_ptr c{X509_new()};
  if (!c) return nullptr;
  X509_set_version(c.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(c.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(c.get()), -24L * 3600);
  X509_gmtime_adj(X509_getm_notAfter(c.get()), certificate_days * 24 * 3600);
  auto* const name = X509_get_subject_name(c.get());
  const auto* const common = reinterpret_cast<const unsigned char*>("berth");
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common, -1, -1, 0);
  X509_set_issuer_name(c.get(), name);
  X509_set_pubkey(c.get(), &key);
  return X509_sign(c.get(), &key, EVP_sha256()) > 0 ? std::move(c) : nullptr;
}

// ---- the association ----------------------------------------------------------------------------------------------

class association final : public dtls_srtp {
 public:
  association(std::shared_ptr<const identity> who, options o, send_function send)
      : who_(std::move(who)), options_(std::move(o)), send_(std::move(send)) {
    open();
  }

  void begin() override { proceed(); }

  void on_datagram(bytes_view bytes) override {
    if (!ssl_ || state_ == state::ended) return;
    BIO_write(in_, bytes.data(), static_cast<int>(bytes.size()));
    proceed();
  }

  std::optional<duration> timeout() const override {
    timeval left{};
    if (!ssl_ || state_ != state::handshaking || DTLSv1_get_timeout(ssl_.get(), &left) != 1) return std::nullopt;
    return std::chrono::seconds{left.tv_sec} + std::chrono::microseconds{left.tv_usec};
  }
  void on_timeout() override {
    if (!ssl_ || state_ != state::handshaking) return;
    if (DTLSv1_handle_timeout(ssl_.get()) < 0) fail("the handshake was not answered");
  }

  state now() const noexcept override { return state_; }
  const std::string& complaint() const noexcept override { return complaint_; }
  void end() override {
    if (ssl_ && state_ == state::established) SSL_shutdown(ssl_.get());
    state_ = state::ended;
  }

  bool protect(std::vector<std::uint8_t>& packet, bool rtcp) override {
    if (state_ != state::established) return false;
    const auto size = packet.size();
    packet.resize(size + SRTP_MAX_TRAILER_LEN + 4);
    int length = static_cast<int>(size);
    return finish(packet, length,
                  rtcp ? srtp_protect_rtcp(out_keys_.get(), packet.data(), &length)
                       : srtp_protect(out_keys_.get(), packet.data(), &length));
  }
  bool unprotect(std::vector<std::uint8_t>& packet, bool rtcp) override {
    if (state_ != state::established) return false;
    int length = static_cast<int>(packet.size());
    return finish(packet, length,
                  rtcp ? srtp_unprotect_rtcp(in_keys_.get(), packet.data(), &length)
                       : srtp_unprotect(in_keys_.get(), packet.data(), &length));
  }

 private:
  void open() {
    context_.reset(SSL_CTX_new(DTLS_method()));
    if (!context_) return fail(openssl_error());
    SSL_CTX_set_min_proto_version(context_.get(), DTLS1_2_VERSION);
    SSL_CTX_use_certificate(context_.get(), who_->certificate());
    SSL_CTX_use_PrivateKey(context_.get(), who_->key());
    SSL_CTX_set_tlsext_use_srtp(context_.get(), profile);
    // Whoever it is signed itself: the fingerprint is looked at behind the handshake.
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       [](int, X509_STORE_CTX*) { return 1; });
    SSL_CTX_set_read_ahead(context_.get(), 1);
    ssl_.reset(SSL_new(context_.get()));
    in_ = BIO_new(BIO_s_mem());
    method_.reset(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagrams"));
    BIO* const out = method_ ? make_out() : nullptr;
    if (!ssl_ || in_ == nullptr || out == nullptr) return fail(openssl_error());
    BIO_set_mem_eof_return(in_, -1);
    SSL_set_bio(ssl_.get(), in_, out);
    SSL_set_options(ssl_.get(), SSL_OP_NO_QUERY_MTU);
    DTLS_set_link_mtu(ssl_.get(), link_mtu);
    if (options_.as == role::client)
      SSL_set_connect_state(ssl_.get());
    else
      SSL_set_accept_state(ssl_.get());
  }

  BIO* make_out() {
    BIO_meth_set_write(method_.get(), [](BIO* bio, const char* data, int size) {
      auto* const self = static_cast<association*>(BIO_get_data(bio));
      self->send_({reinterpret_cast<const std::uint8_t*>(data), static_cast<std::size_t>(size)});
      return size;
    });
    BIO_meth_set_ctrl(method_.get(),
                      [](BIO*, int what, long, void*) -> long { return what == BIO_CTRL_FLUSH ? 1 : 0; });
    BIO* const out = BIO_new(method_.get());
    if (out == nullptr) return nullptr;
    BIO_set_data(out, this);
    BIO_set_init(out, 1);
    return out;
  }

  // Takes what the other side has said, and says what follows from it.
  void proceed() {
    if (state_ == state::handshaking) {
      ERR_clear_error();
      const int done = SSL_do_handshake(ssl_.get());
      if (done == 1) return establish();
      const int why = SSL_get_error(ssl_.get(), done);
      // A record that is none is dropped by the library; what it can not go on from ends the association.
      if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) fail("handshake: " + openssl_error());
      return;
    }
    std::array<char, 2048> ignored;
    for (;;) {
      ERR_clear_error();
      const int got = SSL_read(ssl_.get(), ignored.data(), ignored.size());
      if (got > 0) continue;
      const int why = SSL_get_error(ssl_.get(), got);
      if (why == SSL_ERROR_ZERO_RETURN) state_ = state::ended;
      return;
    }
  }

  void establish() {
    const certificate_ptr theirs{SSL_get1_peer_certificate(ssl_.get())};
    if (!theirs || !same_ignoring_case(fingerprint_of(*theirs), options_.remote_fingerprint))
      return fail("the certificate is not the one of the session description");
    const auto* const chosen = SSL_get_selected_srtp_profile(ssl_.get());
    if (chosen == nullptr || std::string_view{chosen->name} != profile) return fail("no SRTP profile in common");
    std::array<unsigned char, 2 * (key_size + salt_size)> made{};
    const std::string_view label{exporter};
    if (SSL_export_keying_material(ssl_.get(), made.data(), made.size(), label.data(), label.size(), nullptr, 0, 0) !=
        1)
      return fail("keys: " + openssl_error());
    // RFC 5764 4.2: client's key, server's key, client's salt, server's salt.
    const auto keys_of = [&](std::size_t who) {
      std::array<unsigned char, key_size + salt_size> k{};
      std::copy_n(made.begin() + static_cast<long>(who * key_size), key_size, k.begin());
      std::copy_n(made.begin() + static_cast<long>(2 * key_size + who * salt_size), salt_size, k.begin() + key_size);
      return k;
    };
    const std::size_t own = options_.as == role::client ? 0 : 1;
    out_keys_ = make_srtp(keys_of(own), ssrc_any_outbound);
    in_keys_ = make_srtp(keys_of(1 - own), ssrc_any_inbound);
    if (!out_keys_ || !in_keys_) return fail("SRTP could not be set up");
    state_ = state::established;
  }

  static srtp_ptr make_srtp(std::array<unsigned char, key_size + salt_size> key, srtp_ssrc_type_t direction) {
    static std::once_flag once;
    std::call_once(once, [] { srtp_init(); });
    srtp_policy_t policy{};
    srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
    srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
    policy.ssrc.type = direction;
    policy.key = key.data();
    policy.window_size = 1024;
    policy.allow_repeat_tx = 1;
    srtp_t made = nullptr;
    return srtp_ptr{srtp_create(&made, &policy) == srtp_err_status_ok ? made : nullptr};
  }

  static bool finish(std::vector<std::uint8_t>& packet, int length, srtp_err_status_t status) {
    const bool fine = status == srtp_err_status_ok;
    packet.resize(fine ? static_cast<std::size_t>(length) : 0);
    return fine;
  }

  void fail(std::string why) {
    state_ = state::ended;
    complaint_ = std::move(why);
  }

  const std::shared_ptr<const identity> who_;
  const options options_;
  const send_function send_;
  method_ptr method_;
  context_ptr context_;
  ssl_ptr ssl_;
  BIO* in_ = nullptr;  // owned by ssl_
  srtp_ptr out_keys_, in_keys_;
  state state_ = state::handshaking;
  std::string complaint_;
};

}  // namespace

result<std::shared_ptr<const dtls_identity>, std::string> dtls_identity::make() {
  key_ptr key{EVP_EC_gen("P-256")};
  auto certificate = key ? sign(*key) : nullptr;
  if (!certificate) return failure{"certificate: " + openssl_error()};
  return std::shared_ptr<const dtls_identity>{std::make_shared<identity>(std::move(key), std::move(certificate))};
}

std::unique_ptr<dtls_srtp> dtls_srtp::make(std::shared_ptr<const dtls_identity> who, options o, send_function send) {
  return std::make_unique<association>(std::static_pointer_cast<const identity>(std::move(who)), std::move(o),
                                       std::move(send));
}

//   0..3 STUN, 20..63 DTLS, 128..191 RTP and RTCP: RTCP's packet types are 192..223 in the second byte
rtc_datagram kind_of(bytes_view d) noexcept {
  if (d.size() < 2) return rtc_datagram::other;
  if (d[0] <= 3) return rtc_datagram::stun;
  if (d[0] >= 20 && d[0] <= 63) return rtc_datagram::dtls;
  if (d[0] < 128 || d[0] > 191) return rtc_datagram::other;
  return d[1] >= 192 && d[1] <= 223 ? rtc_datagram::rtcp : rtc_datagram::rtp;
}

}  // namespace berth::net
