#include "api/routes/openapi.hpp"

#include <boost/json.hpp>
#include <string>

#include "net/io/port_allocator.hpp"
#include "net/media/media_counters.hpp"
#include "net/rtp/stream_counters.hpp"

namespace berth::api {
namespace {

constexpr std::string_view document = R"json({
"openapi": "3.1.0",
"info": {
  "title": "Berth",
  "version": "1",
  "description": "RTP stream service: a port for each stream, and the truth about it at every moment."
},
"security": [{"secret": []}],
"paths": {
  "/v1/streams": {
    "get": {
      "summary": "Streams, ordered by vhost, app and stream_id",
      "parameters": [
        {"$ref": "#/components/parameters/vhost"},
        {"$ref": "#/components/parameters/app"},
        {"name": "prefix", "in": "query", "description": "of the stream_id", "schema": {"type": "string"}},
        {"name": "state", "in": "query", "schema": {"$ref": "#/components/schemas/State"}},
        {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 10000, "default": 1000}},
        {"name": "cursor", "in": "query", "description": "`next` of the page before", "schema": {"type": "string"}}
      ],
      "responses": {
        "200": {"description": "A page", "content": {"application/json": {"schema": {
          "type": "object",
          "required": ["streams"],
          "properties": {
            "streams": {"type": "array", "items": {"$ref": "#/components/schemas/Stream"}},
            "next": {"type": "string", "description": "there is more: the cursor of the following page"}
          }
        }}}},
        "default": {"$ref": "#/components/responses/Problem"}
      }
    }
  },
  "/v1/streams/{stream_id}": {
    "parameters": [
      {"name": "stream_id", "in": "path", "required": true, "schema": {"type": "string", "minLength": 1, "maxLength": 512}},
      {"$ref": "#/components/parameters/vhost"},
      {"$ref": "#/components/parameters/app"}
    ],
    "put": {
      "summary": "Get or create: the same parameters give the same stream while it is idle",
      "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Open"}}}},
      "responses": {
        "200": {"$ref": "#/components/responses/Stream"},
        "201": {"$ref": "#/components/responses/Stream"},
        "409": {"$ref": "#/components/responses/Problem"},
        "503": {"$ref": "#/components/responses/Problem"},
        "default": {"$ref": "#/components/responses/Problem"}
      }
    },
    "get": {
      "summary": "The stream, its state and its counters",
      "responses": {
        "200": {"$ref": "#/components/responses/Stream"},
        "404": {"$ref": "#/components/responses/Problem"},
        "default": {"$ref": "#/components/responses/Problem"}
      }
    },
    "delete": {
      "summary": "Closes it; answered when its sockets are closed or at rest",
      "parameters": [{"name": "If-Match", "in": "header", "description": "close only this generation", "schema": {"type": "string"}}],
      "responses": {
        "204": {"description": "Closed"},
        "404": {"$ref": "#/components/responses/Problem"},
        "412": {"$ref": "#/components/responses/Problem"},
        "default": {"$ref": "#/components/responses/Problem"}
      }
    }
  },
  "/v1/streams/{stream_id}/snapshot": {
    "parameters": [
      {"name": "stream_id", "in": "path", "required": true, "schema": {"type": "string", "minLength": 1, "maxLength": 512}},
      {"$ref": "#/components/parameters/vhost"},
      {"$ref": "#/components/parameters/app"}
    ],
    "get": {
      "summary": "Its newest key frame as a picture",
      "responses": {
        "200": {"description": "The picture", "content": {"image/jpeg": {}}},
        "404": {"$ref": "#/components/responses/Problem"},
        "503": {"$ref": "#/components/responses/Problem"},
        "default": {"$ref": "#/components/responses/Problem"}
      }
    }
  },
  "/v1/streams/{stream_id}/senders": {
    "parameters": [
      {"name": "stream_id", "in": "path", "required": true, "schema": {"type": "string", "minLength": 1, "maxLength": 512}},
      {"$ref": "#/components/parameters/vhost"},
      {"$ref": "#/components/parameters/app"}
    ],
    "post": {
      "summary": "Sends the stream on as RTP; the same ssrc again takes the former sender's place",
      "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Send"}}}},
      "responses": {
        "201": {"description": "It sends, or waits for its receiver", "content": {"application/json": {"schema": {
          "type": "object", "required": ["local_port"], "properties": {"local_port": {"type": "integer"}}
        }}}},
        "404": {"$ref": "#/components/responses/Problem"},
        "409": {"$ref": "#/components/responses/Problem"},
        "default": {"$ref": "#/components/responses/Problem"}
      }
    },
    "get": {
      "summary": "Who sends it, and what was sent",
      "responses": {
        "200": {"description": "The senders", "content": {"application/json": {"schema": {
          "type": "object", "required": ["senders"],
          "properties": {"senders": {"type": "array", "items": {"$ref": "#/components/schemas/Sender"}}}
        }}}},
        "404": {"$ref": "#/components/responses/Problem"},
        "default": {"$ref": "#/components/responses/Problem"}
      }
    },
    "delete": {
      "summary": "Ends its senders; answered when their ports are out of use",
      "parameters": [{"name": "ssrc", "in": "query", "description": "only the one with this ssrc, as it was given", "schema": {"type": "string"}}],
      "responses": {
        "204": {"description": "Ended"},
        "404": {"$ref": "#/components/responses/Problem"},
        "default": {"$ref": "#/components/responses/Problem"}
      }
    }
  },
  "/v1/ports": {
    "get": {
      "summary": "The port pool: free, leased, resting in the order of their numbers, and who still sends to a closed port",
      "responses": {
        "200": {"description": "The pool", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Ports"}}}},
        "default": {"$ref": "#/components/responses/Problem"}
      }
    }
  },
  "/v1/events": {
    "get": {
      "summary": "What happens, as server-sent events",
      "description": "Each event has its number as id; with that number as cursor nothing is lost over a reconnect as long as the event is kept. An event named `missed` says that some were not.",
      "parameters": [
        {"name": "Last-Event-ID", "in": "header", "description": "go on behind this event; 0 = from the oldest that is kept; none = from now on", "schema": {"type": "integer"}},
        {"name": "after", "in": "query", "description": "the same, for clients that can not set the header", "schema": {"type": "integer"}},
        {"name": "kind", "in": "query", "description": "only these kinds, separated by commas", "schema": {"type": "string"}}
      ],
      "responses": {
        "200": {"description": "Events without end", "content": {"text/event-stream": {"schema": {"type": "string"}}}},
        "default": {"$ref": "#/components/responses/Problem"}
      }
    }
  },
  "/v1/health/live": {
    "get": {
      "summary": "The process and its core answer",
      "security": [],
      "responses": {"200": {"description": "Live"}, "503": {"$ref": "#/components/responses/Problem"}}
    }
  },
  "/v1/health/ready": {
    "get": {
      "summary": "It takes requests, and its core answers",
      "security": [],
      "responses": {"200": {"description": "Ready"}, "503": {"$ref": "#/components/responses/Problem"}}
    }
  },
  "/v1/openapi.json": {
    "get": {
      "summary": "This document",
      "security": [],
      "responses": {"200": {"description": "OpenAPI 3.1"}}
    }
  },
  "/metrics": {
    "get": {
      "summary": "The node's figures for Prometheus, to the addresses of http.allow_ip_range",
      "security": [],
      "responses": {"200": {"description": "Text exposition format 0.0.4", "content": {"text/plain": {"schema": {"type": "string"}}}}}
    }
  }
},
"components": {
  "securitySchemes": {"secret": {"type": "http", "scheme": "bearer"}},
  "parameters": {
    "vhost": {"name": "vhost", "in": "query", "schema": {"type": "string", "default": "__defaultVhost__"}},
    "app": {"name": "app", "in": "query", "schema": {"type": "string", "default": "rtp"}}
  },
  "responses": {
    "Stream": {
      "description": "The stream",
      "headers": {"ETag": {"description": "its generation, in double quotes", "schema": {"type": "string"}}},
      "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Stream"}}}
    },
    "Problem": {
      "description": "Why not (RFC 9457)",
      "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    }
  },
  "schemas": {
    "State": {"type": "string", "enum": ["listening", "active", "stalled"]},
    "Open": {
      "type": "object",
      "properties": {
        "port": {"type": "integer", "minimum": 0, "maximum": 65535, "default": 0, "description": "0 = a pair of the range"},
        "tcp_mode": {"type": "integer", "enum": [0, 1, 2], "default": 0, "description": "0 UDP, 1 also TCP passive, 2 also TCP active"},
        "ssrc": {"type": "integer", "minimum": 0, "maximum": 4294967295, "default": 0, "description": "0 = any"},
        "only_track": {"type": "integer", "enum": [0, 1, 2], "default": 0, "description": "0 all, 1 audio, 2 video"},
        "local_ip": {"type": "string", "description": "bind address; the node's without one"},
        "multiplex": {"type": "boolean", "default": false, "description": "a shared port that makes a stream of every SSRC"},
        "timeout_sec": {"type": "integer", "minimum": 0, "maximum": 604800, "description": "silence that ends it, 0 = never"},
        "source_policy": {"type": "string", "enum": ["learn", "pin", "follow", "any"]},
        "on_conflict": {"type": "string", "enum": ["error", "reuse", "replace"], "description": "what to do about a live stream"},
        "url": {"type": "string", "description": "no port: the node fetches the stream from there; answered when it is there"},
        "rtp_type": {"type": "integer", "enum": [0, 1, 2], "default": 0, "description": "with an RTSP url: 0 TCP, 1 UDP, 2 multicast"},
        "retry_count": {"type": "integer", "minimum": -1, "default": -1, "description": "with url: how often a lost source is opened again, -1 = for ever"}
      }
    },
    "Send": {
      "type": "object",
      "required": ["way", "ssrc"],
      "properties": {
        "way": {"type": "string", "enum": ["udp", "tcp", "udp_passive", "tcp_passive", "talk"], "description": "passive: to whoever comes; talk: back to where recv_stream_id comes from"},
        "ssrc": {"type": "string"},
        "dst": {"type": "string", "description": "host, for udp and tcp"},
        "dst_port": {"type": "integer", "minimum": 1, "maximum": 65535},
        "src_port": {"type": "integer", "minimum": 0, "maximum": 65535, "default": 0},
        "pt": {"type": "integer", "minimum": 0, "maximum": 127, "default": 96},
        "type": {"type": "integer", "enum": [0, 1, 2], "default": 1, "description": "0 one track alone, 1 MPEG-PS, 2 MPEG-TS"},
        "only_audio": {"type": "boolean", "default": false},
        "recv_stream_id": {"type": "string"},
        "close_delay_ms": {"type": "integer", "minimum": 0, "description": "how long a receiver is waited for"},
        "udp_rtcp_timeout": {"type": "boolean", "default": false, "description": "reports are sent, and expected"},
        "ssrc_multi_send": {"type": "boolean", "default": false}
      }
    },
    "Sender": {
      "type": "object",
      "required": ["ssrc", "way", "local_port", "packets", "bytes"],
      "properties": {
        "ssrc": {"type": "string"},
        "way": {"type": "string"},
        "packing": {"type": "string", "enum": ["es", "ps", "ts"]},
        "local_port": {"type": "integer"},
        "peer": {"type": "string"},
        "packets": {"type": "integer"},
        "bytes": {"type": "integer"}
      }
    },
    "Stream": {
      "type": "object",
      "required": ["vhost", "app", "stream_id", "state", "port", "generation", "datagrams", "packets", "bytes", "refused"],
      "properties": {
        "vhost": {"type": "string"},
        "app": {"type": "string"},
        "stream_id": {"type": "string"},
        "state": {"$ref": "#/components/schemas/State"},
        "port": {"type": "integer"},
        "generation": {"type": "integer", "description": "of this life; never used twice"},
        "peer": {"type": "string"},
        "transport": {"type": "string", "enum": ["", "udp", "tcp"]},
        "refused": {"type": "object", "additionalProperties": {"type": "integer"}, "description": "by cause"},
        "media": {"$ref": "#/components/schemas/Media"},
        "silent_ms": {"type": ["integer", "null"]},
        "last_reason": {"type": "string", "description": "the last thing that went wrong"}
      }
    },
    "Media": {
      "type": "object",
      "required": ["public_id", "registered"],
      "description": "What was made of the packets; the figures are there from the first packet on",
      "properties": {
        "public_id": {"type": "string", "description": "the stream's id for viewers"},
        "registered": {"type": "boolean", "description": "it can be watched"}
      }
    },
    "Ports": {
      "type": "object",
      "required": ["range", "size", "free", "leased", "resting", "bind_failures"],
      "properties": {
        "range": {"type": "string"},
        "bind_failures": {"type": "object", "additionalProperties": {"type": "integer"}, "description": "by cause"},
        "resting": {"type": "array", "items": {
          "type": "object",
          "properties": {
            "port": {"type": "integer"},
            "former_stream": {"type": "string"},
            "sender": {"type": "string", "description": "who still sends, or fed the former stream"},
            "ssrc": {"type": ["integer", "null"], "description": "of what it sends; null: not known, or several"},
            "datagrams": {"type": "integer", "description": "that came after the close"},
            "resting_ms": {"type": "integer"},
            "silent_ms": {"type": "integer"}
          }
        }}
      }
    },
    "Problem": {
      "type": "object",
      "required": ["type", "title", "status", "detail"],
      "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "code": {"type": "string", "description": "why the core refused"},
        "stream": {"$ref": "#/components/schemas/Stream"}
      }
    }
  }
}
})json";

// Figures are described from the rows that they are printed from.
template <class Rows>
void describe(boost::json::value& whole, std::string_view schema, const Rows& rows) {
  auto& properties = whole.at_pointer("/components/schemas/" + std::string{schema} + "/properties").as_object();
  for (const auto& row : rows)
    if (!properties.contains(row.name))
      properties[row.name] = boost::json::object{{"type", "integer"}, {"description", row.help}};
}

std::string described() {
  auto whole = boost::json::parse(boost::json::string_view{document.data(), document.size()});
  describe(whole, "Stream", net::stream_figures<std::uint64_t>);
  describe(whole, "Media", net::media_figures<std::uint64_t>);
  describe(whole, "Ports", net::pair_figures);
  describe(whole, "Ports", net::allocation_figures);
  return boost::json::serialize(whole);
}

}  // namespace

void add_openapi_route(router& to) {
  to.add("GET", "/v1/openapi.json", [text = described()](const http_request&) -> boost::asio::awaitable<http_reply> {
    http_reply r;
    r.content_type = "application/json";
    r.body = text;
    co_return r;
  });
}

}  // namespace berth::api
