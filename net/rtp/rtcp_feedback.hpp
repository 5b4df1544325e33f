// What a receiver asks of a sender at once (RFC 4585).
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "net/base/bytes.hpp"

namespace berth::net {

/// Both are whole RTCP packets about the sender `of`.
///   V=2 P FMT (5) | PT (8) | length (16) | sender's SSRC (32) | media's SSRC (32) | ...
/// FMT 1 of PT 206 (6.3.1): a picture is wanted that needs no other.
std::vector<std::uint8_t> picture_loss(std::uint32_t of);
/// FMT 1 of PT 205 (6.2.1): packets are missing; each { packet id (16) | bit mask of the following ones (16) }. `numbers`
/// ascend, with wrap-around, and are not empty.
std::vector<std::uint8_t> negative_acknowledgement(std::uint32_t of, const std::vector<std::uint16_t>& numbers);

/// Calls each(ssrc, number) for the packets that a compound packet asks for. Any bytes are allowed.
void for_each_wanted(bytes_view rtcp, const std::function<void(std::uint32_t ssrc, std::uint16_t number)>& each);

}  // namespace berth::net
