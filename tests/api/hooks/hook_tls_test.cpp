// Hooks over https: who is spoken to, and who is not.
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <boost/asio/ssl/context.hpp>

#include "api/hooks/hook_client.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/hook_office.hpp"
#include "tests/support/hook_receiver.hpp"

namespace berth::api {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using actors::hook_outcome;
using tests::hook_receiver;
using what = hook_outcome::result;
using office = tests::hook_office;

/// A key and a certificate for 127.0.0.1 that it has signed itself.
class identity {
 public:
  identity() : key_(EVP_EC_gen("P-256"), &EVP_PKEY_free), certificate_(X509_new(), &X509_free) {
    auto* c = certificate_.get();
    X509_set_version(c, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(c), 1);
    X509_gmtime_adj(X509_getm_notBefore(c), -3600);
    X509_gmtime_adj(X509_getm_notAfter(c), 3600);
    auto* name = X509_get_subject_name(c);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(c, name);
    X509_set_pubkey(c, key_.get());
    auto* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
    X509_add_ext(c, extension, -1);
    X509_EXTENSION_free(extension);
    X509_sign(c, key_.get(), EVP_sha256());
  }

  asio::ssl::context server() const {
    asio::ssl::context context{asio::ssl::context::tls_server};
    SSL_CTX_use_certificate(context.native_handle(), certificate_.get());
    SSL_CTX_use_PrivateKey(context.native_handle(), key_.get());
    return context;
  }
  hook_client::certificates trust() const {
    hook_client::certificates trust{X509_STORE_new(), &X509_STORE_free};
    X509_STORE_add_cert(trust.get(), certificate_.get());
    return trust;
  }

 private:
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
  std::unique_ptr<X509, decltype(&X509_free)> certificate_;
};

TEST_CASE("https: a trusted certificate is spoken to, on one connection") {
  const identity id;
  auto server = id.server();
  hook_receiver receiver{0, &server};
  office o{id.trust()};
  CHECK(o.tell(receiver.url()).what == what::delivered);
  CHECK(o.tell(receiver.url()).what == what::delivered);
  CHECK(receiver.connections() == 1);
}

TEST_CASE("https: a certificate of an unknown authority, or of another host, gets no body") {
  const identity id;
  auto server = id.server();
  hook_receiver receiver{0, &server};
  {
    office o;
    const auto outcome = o.tell(receiver.url());
    CHECK(outcome.what == what::failed);
    CHECK(outcome.text.find("shaking hands") == 0);
  }
  {
    office o{id.trust()};
    CHECK(o.tell("https://localhost:" + std::to_string(receiver.port()) + "/").what == what::failed);
  }
  CHECK(receiver.requests().empty());
}

TEST_CASE("https: a receiver that never shakes hands is given up after the timeout") {
  asio::io_context io;
  asio::ip::tcp::acceptor mute{io, {asio::ip::address_v4::loopback(), 0}};
  office o;
  o.settings.timeout = 100ms;
  const auto outcome = o.tell("https://127.0.0.1:" + std::to_string(mute.local_endpoint().port()) + "/");
  CHECK(outcome.what == what::failed);
  CHECK(outcome.text.find("while shaking hands") != std::string::npos);
}

}  // namespace
}  // namespace berth::api
