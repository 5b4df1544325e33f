#include "net/rtc_loop.hpp"

#include <glib.h>

namespace berth::net {

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

void rtc_loop::post_after(duration delay, std::function<void()> work) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(delay).count();
  GSource* const source = ms <= 0 ? g_idle_source_new() : g_timeout_source_new(static_cast<guint>(ms));
  g_source_set_priority(source, G_PRIORITY_DEFAULT);
  g_source_set_callback(
      source,
      [](gpointer data) -> gboolean {
        (*static_cast<std::function<void()>*>(data))();
        return G_SOURCE_REMOVE;
      },
      new std::function<void()>(std::move(work)),
      [](gpointer data) { delete static_cast<std::function<void()>*>(data); });
  g_source_attach(source, context_);
  g_source_unref(source);
}

}  // namespace berth::net
