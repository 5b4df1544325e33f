#include "actors/contract/opening.hpp"

namespace berth::actors {

std::string_view to_string(open_kind kind) noexcept {
  switch (kind) {
    case open_kind::created:
      return "created";
    case open_kind::same:
      return "same";
    case open_kind::reused:
      return "reused";
    case open_kind::replaced:
      return "replaced";
  }
  return "";
}

// The source has a deadline of its own, which must not be the second one; and so has the question whether it may be.
net::duration open_request::patience() const {
  const auto* s = source();
  if (s == nullptr) return {};
  return s->source->timeout + (s->publish ? net::duration{} : hook_patience);
}

const port_wish* open_request::ports() const noexcept {
  if (const auto* one = std::get_if<rtp_port>(&what)) return one;
  return std::get_if<multiplex_port>(&what);
}

bool open_request::with_rtcp() const noexcept {
  const auto* one = std::get_if<rtp_port>(&what);
  return one != nullptr && one->rtcp;
}

bool open_request::is_configured() const noexcept {
  const auto* many = std::get_if<multiplex_port>(&what);
  return many != nullptr && many->configured;
}

bool open_request::is_pushed() const noexcept { return source() != nullptr && source()->source->pushed; }

}  // namespace berth::actors
