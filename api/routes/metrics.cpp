#include "api/routes/metrics.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <limits>

namespace berth::api {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

/// Collects families; a verb a kind of metric.
class exposition {
 public:
  void family(std::string name, std::string help, MetricType type) {
    families_.push_back({"berth_" + name, std::move(help), type, {}});
  }
  void value(double v, std::string_view label = {}, std::string_view label_value = {}) {
    auto& f = families_.back();
    ClientMetric m;
    if (!label.empty()) m.label.push_back({std::string{label}, std::string{label_value}});
    if (f.type == MetricType::Counter)
      m.counter.value = v;
    else
      m.gauge.value = v;
    f.metric.push_back(std::move(m));
  }
  void counter(std::string name, std::string help, std::uint64_t v) {
    family(std::move(name), std::move(help), MetricType::Counter);
    value(static_cast<double>(v));
  }
  void gauge(std::string name, std::string help, double v) {
    family(std::move(name), std::move(help), MetricType::Gauge);
    value(v);
  }
  template <std::size_t N>
  void histogram(std::string name, std::string help, const std::array<double, N>& bounds,
                 const actors::histogram<N>& h) {
    family(std::move(name), std::move(help), MetricType::Histogram);
    ClientMetric m;
    m.histogram.sample_count = h.count;
    m.histogram.sample_sum = h.sum;
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < N; ++i) {
      below += h.buckets[i];
      m.histogram.bucket.push_back({below, bounds[i]});
    }
    m.histogram.bucket.push_back({h.count, std::numeric_limits<double>::infinity()});
    families_.back().metric.push_back(std::move(m));
  }
  std::string text() const { return prometheus::TextSerializer{}.Serialize(families_); }

 private:
  std::vector<MetricFamily> families_;
};

void streams(exposition& out, const actors::node_stats& n) {
  out.family("streams", "Streams present, by state.", MetricType::Gauge);
  for (std::size_t i = 0; i < n.streams.size(); ++i)
    out.value(static_cast<double>(n.streams[i]), "state", to_string(static_cast<actors::stream_state>(i)));

  out.family("opens_total", "Open requests answered, by result: created, same, reused, replaced or why refused.",
             MetricType::Counter);
  for (std::size_t i = 0; i < n.opens.size(); ++i)
    out.value(static_cast<double>(n.opens[i]), "result", to_string(static_cast<actors::open_kind>(i)));
  for (std::size_t i = 1; i < n.opens_refused.size(); ++i)
    out.value(static_cast<double>(n.opens_refused[i]), "result", actors::to_string(static_cast<actors::errc>(i)));

  out.family("closes_total", "Streams ended, by reason.", MetricType::Counter);
  for (std::size_t i = 1; i < n.closes.size(); ++i)
    out.value(static_cast<double>(n.closes[i]), "reason", to_string(static_cast<actors::close_reason>(i)));

  out.histogram("open_seconds", "From the arrival of an open request to its answer, seconds.", actors::open_time_bounds,
                n.open_time);
  out.histogram("reclaim_seconds", "From a stream's idle deadline to its port being at rest, seconds.",
                actors::reclaim_bounds, n.reclaim_time);
  out.counter("late_messages_total", "Messages about a former life of a stream, dropped.", n.late_messages);
}

void ports(exposition& out, const net::allocator_figures& f) {
  out.family("ports", "Port pairs of the range, by status.", MetricType::Gauge);
  out.value(static_cast<double>(f.free), "status", "free");
  out.value(static_cast<double>(f.leased), "status", "leased");
  out.value(static_cast<double>(f.resting), "status", "quarantined");
  out.gauge("ports_size", "Port pairs in the configured range.", static_cast<double>(f.size));
  out.counter("allocations_total", "Port allocations asked for.", f.requests);
  out.counter("allocations_refused_total", "Port allocations that found no port.", f.refused);
  out.family("bind_failures_total", "Failed tries to bind a port, by cause.", MetricType::Counter);
  for (std::size_t i = 1; i < f.failures.size(); ++i)
    out.value(static_cast<double>(f.failures[i]), "cause", net::to_string(static_cast<net::errc>(i)));
  out.counter("ports_taken_early_total", "Resting ports used again before their silence was long enough.",
              f.taken_early);
}

void packets(exposition& out, const net::counter_values& c) {
  out.counter("datagrams_total", "RTP datagrams and TCP frames read.", c.datagrams);
  out.counter("packets_total", "RTP packets accepted.", c.accepted);
  out.counter("bytes_total", "Bytes of accepted RTP packets.", c.accepted_bytes);
  out.family("refused_total", "RTP datagrams refused, by cause.", MetricType::Counter);
  for (std::size_t i = 0; i < c.refused.size(); ++i)
    out.value(static_cast<double>(c.refused[i]), "cause", net::to_string(static_cast<net::refusal>(i)));
  out.family("lost", "Packets missing in the sequences so far; falls when late ones arrive.", MetricType::Gauge);
  out.value(static_cast<double>(c.lost));
  out.counter("reordered_total", "Packets accepted behind a higher sequence number.", c.reordered);
  out.counter("kernel_drops_total", "Datagrams the kernel dropped for want of buffer.", c.kernel_drops);
  out.counter("sender_reports_total", "RTCP sender reports read.", c.sender_reports);
  out.counter("receiver_reports_total", "RTCP receiver reports sent.", c.receiver_reports);
  out.counter("rtcp_malformed_total", "RTCP packets that could not be read.", c.rtcp_malformed);
  out.counter("tcp_connections_total", "TCP connections accepted or made.", c.tcp_connections);
  out.counter("tcp_refused_total", "TCP connections closed to make room, or one too many.", c.tcp_refused);
  out.counter("tcp_resyncs_total", "Times the framing of a TCP connection was lost.", c.tcp_resyncs);
}

void senders(exposition& out, const actors::node_stats& n) {
  out.gauge("senders", "RTP senders present.", static_cast<double>(n.senders));
  out.counter("sent_packets_total", "RTP packets sent to other servers.", n.sent_packets);
  out.counter("sent_bytes_total", "Bytes of RTP packets sent to other servers.", n.sent_bytes);
}

void alarms(exposition& out, const actors::node_stats& n) {
  out.family("alarm", "1 while the alarm is raised.", MetricType::Gauge);
  for (const auto* name : {"allocation_failures", "port_pool_low"}) {
    const bool raised =
        std::any_of(n.alarms.begin(), n.alarms.end(), [&](const actors::alarm_change& a) { return a.name == name; });
    out.value(raised ? 1 : 0, "name", name);
  }
}

void hook_figures(exposition& out, const actors::hook_stats& h) {
  const auto family = [&](const char* name, const char* help, std::uint64_t actors::hook_counters::*figure) {
    out.family(name, help, MetricType::Counter);
    for (std::size_t i = 0; i < h.hooks.size(); ++i)
      out.value(static_cast<double>(h.hooks[i].*figure), "hook", to_string(static_cast<actors::hook_name>(i)));
  };
  family("hooks_taken_total", "Hooks there were to send.", &actors::hook_counters::taken);
  family("hooks_sent_total", "First tries to send a hook.", &actors::hook_counters::sent);
  family("hooks_delivered_total", "Hooks answered with code 0.", &actors::hook_counters::delivered);
  family("hooks_refused_total", "Hooks answered with another code.", &actors::hook_counters::refused);
  family("hooks_failed_total", "Hooks given up after the last try.", &actors::hook_counters::failed);
  family("hooks_retried_total", "Further tries to send a hook.", &actors::hook_counters::retried);
  family("hooks_dropped_total", "Hooks dropped at a bound, or switched off while they waited.",
         &actors::hook_counters::dropped);
  out.family("hooks_queued", "Hooks that wait or are under way.", MetricType::Gauge);
  for (std::size_t i = 0; i < h.hooks.size(); ++i)
    out.value(static_cast<double>(h.hooks[i].queued), "hook", to_string(static_cast<actors::hook_name>(i)));
  out.gauge("hook_receivers_dead", "Hook receivers that failed several times in a row.",
            static_cast<double>(h.dead_receivers));
}

}  // namespace

std::string metrics_text(const actors::node_stats& node, const actors::hook_stats& hooks) {
  exposition out;
  streams(out, node);
  ports(out, node.ports);
  packets(out, node.totals);
  senders(out, node);
  alarms(out, node);
  hook_figures(out, hooks);
  return out.text();
}

}  // namespace berth::api
