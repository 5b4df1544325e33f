// The secure part of a WebRTC connection: DTLS that makes the keys, SRTP that uses them (RFC 5764, RFC 3711).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/base/bytes.hpp"
#include "net/base/result.hpp"
#include "net/base/time.hpp"

namespace berth::net {

/// A key and a certificate signed by itself: who it is, is told by its fingerprint in the session description. Made once
/// a program run, immutable, shared by all connections.
class dtls_identity {
 public:
  static result<std::shared_ptr<const dtls_identity>, std::string> make();
  virtual ~dtls_identity() = default;
  /// SHA-256, as in a=fingerprint: "AB:CD:..." (RFC 8122 5).
  virtual const std::string& fingerprint() const noexcept = 0;
};

/// One association. Datagrams of the other side go in, datagrams for it come out through `send`, which is called inside
/// the members only. Hostile datagrams are dropped and counted.
/// Owned by a WebRTC session and touched by its thread only.
class dtls_srtp {
 public:
  enum class role : std::uint8_t { client, server };
  enum class state : std::uint8_t {
    handshaking,
    established,
    ended,  ///< the other side said goodbye, or complaint() says why
  };
  struct options {
    role as = role::server;
    std::string remote_fingerprint;  ///< as in its session description, in any case; the certificate has to match
  };
  using send_function = std::function<void(bytes_view)>;

  static std::unique_ptr<dtls_srtp> make(std::shared_ptr<const dtls_identity> who, options o, send_function send);
  virtual ~dtls_srtp() = default;

  /// A client speaks first.
  virtual void begin() = 0;
  virtual void on_datagram(bytes_view bytes) = 0;
  /// When the handshake has to be driven on; none = nothing waits.
  virtual std::optional<duration> timeout() const = 0;
  virtual void on_timeout() = 0;
  virtual state now() const noexcept = 0;
  virtual const std::string& complaint() const noexcept = 0;
  /// Says goodbye.
  virtual void end() = 0;

  /// In place; what is no packet, or not of the other side, leaves it empty and returns false. Room for a trailer is
  /// made by the call.
  virtual bool protect(std::vector<std::uint8_t>& packet, bool rtcp) = 0;
  virtual bool unprotect(std::vector<std::uint8_t>& packet, bool rtcp) = 0;
};

/// What a datagram of such a connection is, by its first bytes (RFC 7983 7, RFC 5761 4).
enum class rtc_datagram : std::uint8_t { stun, dtls, rtp, rtcp, other };
rtc_datagram kind_of(bytes_view datagram) noexcept;

}  // namespace berth::net
