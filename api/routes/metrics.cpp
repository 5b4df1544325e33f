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

MetricType type_of(net::figure_kind kind) noexcept {
  return kind == net::figure_kind::total ? MetricType::Counter : MetricType::Gauge;
}

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
  /// Each row of a table, of one struct that they are figures of.
  template <class Rows, class Struct>
  void figures(std::string_view prefix, const Rows& rows, const Struct& of) {
    for (const auto& row : rows) {
      family(row.metric(prefix), std::string{row.help}, type_of(row.kind));
      value(static_cast<double>(of.*row.value));
    }
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
  out.gauge("ports_size", "Port pairs in the configured range.", static_cast<double>(f.size));
  out.family("ports", "Port pairs of the range, by status.", MetricType::Gauge);
  for (const auto& row : net::pair_figures)
    if (row.value != &net::allocator_figures::size)
      out.value(static_cast<double>(f.*row.value), "status", row.metric("ports_"));
  out.figures("allocations_", net::allocation_figures, f);
  out.family("bind_failures_total", "Failed tries to bind a port, by cause.", MetricType::Counter);
  for (std::size_t i = 1; i < f.failures.size(); ++i)
    out.value(static_cast<double>(f.failures[i]), "cause", net::to_string(static_cast<net::errc>(i)));
}

void packets(exposition& out, const net::counter_values& c) {
  out.figures("", net::stream_figures<std::uint64_t>, c);
  out.family("refused_total", "RTP datagrams refused, by cause.", MetricType::Counter);
  for (std::size_t i = 0; i < c.refused.size(); ++i)
    out.value(static_cast<double>(c.refused[i]), "cause", net::to_string(static_cast<net::refusal>(i)));
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

void hooks_by_name(exposition& out, const actors::hook_stats& h) {
  for (const auto& f : actors::hook_figures) {
    out.family(f.metric("hooks_"), std::string{f.help}, type_of(f.kind));
    for (std::size_t i = 0; i < h.hooks.size(); ++i)
      out.value(static_cast<double>(h.hooks[i].*f.value), "hook", to_string(static_cast<actors::hook_name>(i)));
  }
  out.gauge("hooks_in_flight", "Tries to send a hook that are under way.", static_cast<double>(h.in_flight));
  out.gauge("hook_receivers_dead", "Hook receivers that failed several times in a row.",
            static_cast<double>(h.dead_receivers));
}

void thread_loads(exposition& out, const std::vector<thread_load>& threads) {
  out.family("thread_busy", "Share of a processor's time that a thread used in the last second.", MetricType::Gauge);
  for (const auto& t : threads) out.value(t.busy, "thread", t.name);
  out.family("thread_longest_turn_seconds", "Longest time in the last second that a thread served nobody else.",
             MetricType::Gauge);
  for (const auto& t : threads)
    if (t.longest_turn != net::duration::zero())
      out.value(std::chrono::duration<double>(t.longest_turn).count(), "thread", t.name);
}

}  // namespace

std::string metrics_text(const actors::node_stats& node, const actors::hook_stats& hooks,
                         const std::vector<thread_load>& threads) {
  exposition out;
  streams(out, node);
  ports(out, node.ports);
  packets(out, node.totals);
  out.figures("media_", net::media_figures<std::uint64_t>, node.media);
  senders(out, node);
  alarms(out, node);
  hooks_by_name(out, hooks);
  thread_loads(out, threads);
  return out.text();
}

}  // namespace berth::api
