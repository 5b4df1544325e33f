#include "actors/contract/error.hpp"

namespace berth::actors {

std::string_view to_string(errc code) noexcept {
  switch (code) {
    case errc::ok:
      return "ok";
    case errc::stream_live:
      return "stream_live";
    case errc::not_found:
      return "not_found";
    case errc::ambiguous:
      return "ambiguous";
    case errc::generation_differs:
      return "generation_differs";
    case errc::not_tcp_active:
      return "not_tcp_active";
    case errc::shared_port:
      return "shared_port";
    case errc::not_published:
      return "not_published";
    case errc::no_port:
      return "no_port";
    case errc::bad_address:
      return "bad_address";
    case errc::connect_failed:
      return "connect_failed";
    case errc::stream_ended:
      return "stream_ended";
    case errc::too_many_streams:
      return "too_many_streams";
    case errc::shutting_down:
      return "shutting_down";
    case errc::play_refused:
      return "play_refused";
    case errc::publish_refused:
      return "publish_refused";
    case errc::not_sendable:
      return "not_sendable";
    case errc::not_seekable:
      return "not_seekable";
    case errc::no_sender:
      return "no_sender";
    case errc::schema_off:
      return "schema_off";
    case errc::no_answer:
      return "no_answer";
    case errc::internal:
      return "internal";
  }
  return {};
}

}  // namespace berth::actors
