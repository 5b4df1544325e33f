#include "net/rtc/rtc_loop.hpp"

#include <glib.h>

namespace berth::net {
namespace {

// For the loop's own thread, or before it takes the source up.
void attach(GSource* source, GMainContext* to, GSourceFunc call, gpointer data, GDestroyNotify destroy) {
  g_source_set_priority(source, G_PRIORITY_DEFAULT);
  g_source_set_callback(source, call, data, destroy);
  g_source_attach(source, to);
  g_source_unref(source);
}

}  // namespace

rtc_loop::rtc_loop() : context_(g_main_context_new()), loop_(g_main_loop_new(context_, FALSE)) {
  thread_ = std::thread{[this] {
    g_main_context_push_thread_default(context_);
    g_main_loop_run(loop_);
    while (g_main_context_iteration(context_, FALSE) != FALSE) {
    }
    g_main_context_pop_thread_default(context_);
  }};
}

rtc_loop::~rtc_loop() {
  post([this] { g_main_loop_quit(loop_); });
  thread_.join();
  g_main_loop_unref(loop_);
  g_main_context_unref(context_);
}

// The queue hands the work over; the source only says that there is some.
void rtc_loop::post(std::function<void()> work) {
  {
    const std::lock_guard lock{mutex_};
    posted_.push_back(std::move(work));
  }
  const auto call = [](gpointer self) -> gboolean {
    static_cast<rtc_loop*>(self)->run_next();
    return G_SOURCE_REMOVE;
  };
  attach(g_idle_source_new(), context_, call, this, nullptr);
}

void rtc_loop::run_next() {
  std::function<void()> work;
  {
    const std::lock_guard lock{mutex_};
    work = std::move(posted_.front());
    posted_.pop_front();
  }
  work();
}

void rtc_loop::post_after(duration delay, std::function<void()> work) {
  const auto ms = to_ms(delay);
  if (ms <= 0) return post(std::move(work));
  post([this, ms, work = std::move(work)]() mutable {
    const auto call = [](gpointer data) -> gboolean {
      (*static_cast<std::function<void()>*>(data))();
      return G_SOURCE_REMOVE;
    };
    const auto destroy = [](gpointer data) { delete static_cast<std::function<void()>*>(data); };
    attach(g_timeout_source_new(static_cast<guint>(ms)), context_, call, new std::function<void()>(std::move(work)),
           destroy);
  });
}

}  // namespace berth::net
