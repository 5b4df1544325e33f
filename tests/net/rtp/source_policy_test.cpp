#include "net/rtp/source_policy.hpp"

#include "tests/support/catch.hpp"

using namespace berth::net;

TEST_CASE("a source policy and its name lead to each other, and other texts to none") {
  for (const auto policy : {source_policy::learn, source_policy::pin, source_policy::follow, source_policy::any})
    CHECK(parse_source_policy(to_string(policy)) == policy);
  CHECK(to_string(source_policy::follow) == "follow");
  for (const auto* text : {"", "Learn", "learn ", "lear", "pinned"}) CHECK_FALSE(parse_source_policy(text));
}
