// http.allow_ip_range: what is let in, and what a wrong list is told.
#include "api/config/ip_ranges.hpp"

#include "tests/support/catch.hpp"

using berth::api::ip_ranges;
using berth::net::endpoint;

namespace {

ip_ranges parsed(std::string_view text) {
  auto ranges = ip_ranges::parse(text);
  REQUIRE(ranges);
  return *ranges;
}

bool holds(const ip_ranges& ranges, std::string_view address) {
  const auto e = endpoint::parse(address, 1234);
  REQUIRE(e);
  return ranges.contains(*e);
}

std::string fault_of(std::string_view text) {
  const auto ranges = ip_ranges::parse(text);
  REQUIRE_FALSE(ranges);
  return ranges.error();
}

}  // namespace

TEST_CASE("ip_ranges: the default list of the peer holds private addresses only") {
  const auto ranges =
      parsed("::1,127.0.0.1,172.16.0.0-172.31.255.255,192.168.0.0-192.168.255.255,10.0.0.0-10.255.255.255");
  for (const auto* in :
       {"::1", "127.0.0.1", "172.16.0.0", "172.31.255.255", "192.168.7.9", "10.0.0.0", "10.255.255.255"})
    CHECK(holds(ranges, in));
  for (const auto* out :
       {"127.0.0.2", "172.15.255.255", "172.32.0.0", "192.169.0.0", "11.0.0.0", "9.255.255.255", "::2", "2001:db8::1"})
    CHECK_FALSE(holds(ranges, out));
}

TEST_CASE("ip_ranges: a mapped IPv4 address is the IPv4 address") {
  const auto ranges = parsed("10.0.0.0-10.255.255.255");
  CHECK(holds(ranges, "::ffff:10.1.2.3"));
  CHECK_FALSE(holds(ranges, "::ffff:11.1.2.3"));
}

TEST_CASE("ip_ranges: blocks with a prefix length, at bit and byte borders") {
  CHECK(holds(parsed("192.168.4.77/22"), "192.168.4.0"));
  CHECK(holds(parsed("192.168.4.77/22"), "192.168.7.255"));
  CHECK_FALSE(holds(parsed("192.168.4.77/22"), "192.168.8.0"));
  CHECK_FALSE(holds(parsed("192.168.4.77/22"), "192.168.3.255"));
  CHECK(holds(parsed("192.0.2.1/32"), "192.0.2.1"));
  CHECK_FALSE(holds(parsed("192.0.2.1/32"), "192.0.2.2"));
  CHECK(holds(parsed("fd00::/8"), "fdff::1"));
  CHECK_FALSE(holds(parsed("fd00::/8"), "fe00::1"));
}

TEST_CASE("ip_ranges: all of one family is nothing of the other") {
  CHECK(holds(parsed("0.0.0.0/0"), "203.0.113.9"));
  CHECK_FALSE(holds(parsed("0.0.0.0/0"), "::1"));
  CHECK(holds(parsed("::/0"), "::1"));
  CHECK_FALSE(holds(parsed("::/0"), "203.0.113.9"));
}

TEST_CASE("ip_ranges: an empty list is everybody, and an unknown address is nobody") {
  CHECK(holds(parsed(""), "203.0.113.9"));
  CHECK(parsed("").contains(endpoint{}));
  CHECK_FALSE(parsed("0.0.0.0/0,::/0").contains(endpoint{}));
}

TEST_CASE("ip_ranges: blanks and empty parts do not matter") {
  const auto ranges = parsed(" 127.0.0.1 , ,10.0.0.1 - 10.0.0.3,");
  CHECK(holds(ranges, "127.0.0.1"));
  CHECK(holds(ranges, "10.0.0.3"));
  CHECK_FALSE(holds(ranges, "10.0.0.4"));
}

TEST_CASE("ip_ranges: an error names the part") {
  CHECK(fault_of("127.0.0.1,localhost").find("'localhost'") == 0);
  CHECK(fault_of("10.0.0.9-10.0.0.1") == "'10.0.0.9-10.0.0.1' ends before it begins");
  CHECK(fault_of("10.0.0.1-::2") == "'10.0.0.1-::2' mixes an IPv4 and an IPv6 address");
  CHECK(fault_of("10.0.0.0/33") == "'10.0.0.0/33' has a prefix length that is not within 0..32");
  CHECK(fault_of("::/129") == "'::/129' has a prefix length that is not within 0..128");
  CHECK(fault_of("10.0.0.0/8x").find("prefix length") != std::string::npos);
  CHECK(fault_of("ten/8") == "'ten/8' does not begin with an IP address");
}
