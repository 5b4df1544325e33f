// Whoever is asked may end at any moment: between any two messages, with any question open. Each question is answered all
// the same, once, and without a second passing.
#include <set>
#include <typeindex>

#include "actors/events/event_log.hpp"
#include "actors/events/hook_dispatcher.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/harbour.hpp"

using namespace berth;
using namespace berth::actors;
using namespace berth::tests;
using namespace std::chrono_literals;

namespace {

// ---- the questions that an actor understands ----------------------------------------------------------------------

template <class... Q>
struct question_list {
  template <class F>
  static void for_each(F f) {
    (f(Q{}), ...);
  }
  static std::set<std::type_index> types() { return {typeid(Q)...}; }
};

template <class List, class... Clauses>
struct questions_among {
  using type = List;
};
template <class... Found, class M, class Answer, class... Rest>
struct questions_among<question_list<Found...>, caf::typed_mpi<caf::detail::type_list<M>, Answer>, Rest...>
    : questions_among<question_list<Found...>, Rest...> {};
template <class... Found, question M, class Answer, class... Rest>
struct questions_among<question_list<Found...>, caf::typed_mpi<caf::detail::type_list<M>, Answer>, Rest...>
    : questions_among<question_list<Found..., M>, Rest...> {};

template <class Actor>
struct questions_of;
template <class... Clauses>
struct questions_of<caf::typed_actor<Clauses...>> : questions_among<question_list<>, Clauses...>::type {};

// ---- who asks, and who ends ---------------------------------------------------------------------------------------

/// Asks one question, and hears whatever is answered, be it too much.
struct listener {
  explicit listener(actor_lab& lab) : self_(lab.system, true) {}

  template <question M, class Handle>
  void ask(const Handle& to, M what) {
    self_->request(to, caf::infinite, std::move(what));
  }
  int answers() {
    while (!self_->mailbox().empty())
      if (self_->dequeue()) ++answers_;
    return answers_;
  }

 private:
  caf::scoped_actor self_;
  int answers_ = 0;
};

bool has_ended(const caf::strong_actor_ptr& actor) {
  return caf::actor_cast<caf::abstract_actor*>(actor)->getf(caf::abstract_actor::is_terminated_flag);
}
std::string name_of(caf::resumable* job) {
  const auto* actor = dynamic_cast<caf::local_actor*>(job);
  return actor == nullptr ? "" : actor->name();
}

/// A node on which something can be left open: hooks that do not answer, sources that take their time, peers that are
/// not there.
struct wharf : harbour {
  wharf() : harbour(8, 0, &sockets_, net::port_range{30000, 30015}, hooks::asked) {
    settings.none_reader_after = 1h;
    apply();
  }

  static open_request fetched(const std::string& id) {
    auto r = request(id);
    r.what = sourced{.source = std::make_shared<net::source_options>(), .publish = publish_options{}};
    return r;
  }
  static open_request pushed(const std::string& id) {
    auto r = request(id);
    r.what = sourced{
        .source = std::make_shared<net::source_options>(net::source_options{.url = "rtc://cam", .pushed = true})};
    return r;
  }
  /// Fetched, and ready to be watched and sent.
  fake_source& live(const std::string& id) {
    auto r = fetched(id);
    std::get<sourced>(r.what).publish->add_mute_audio = false;
    caf::anon_send(supervisor, std::move(r));
    lab.run();
    auto& source = *sources.all.back();
    source.open();
    source.picture();
    source.picture();
    lab.run();
    REQUIRE(query(id)->watchable);
    return source;
  }
  void open_active(const std::string& id) {
    auto r = request(id);
    port_in(r).mode = tcp_mode::active;
    REQUIRE(open(r));
  }
  static send_request to_nobody(const std::string& id) {
    send_request r;
    r.key = key(id);
    r.ssrc = 7;
    r.ssrc_text = "7";
    r.way = send_way::tcp;
    r.remote = *net::endpoint::parse("127.0.0.1", 9);
    r.receiver_wait = 10s;
    return r;
  }

  listener heard{lab};

 private:
  paired_sockets sockets_;
};

/// One question on its way: what is there before, and whose end answers it whenever that comes.
struct situation {
  std::string what;
  std::type_index question;
  std::function<void(wharf&)> before;
  std::function<void(wharf&)> ask;
  std::vector<std::string> whose_end;
};

template <question M>
situation asking(std::string what, std::function<void(wharf&)> before, M question,
                 std::vector<std::string> whose_end = {"stream_supervisor"}) {
  return {std::move(what), typeid(M), std::move(before), [question](wharf& w) { w.heard.ask(w.supervisor, question); },
          std::move(whose_end)};
}

std::vector<situation> situations() {
  const auto cam = harbour::key("cam");
  const auto nothing_before = [](wharf&) {};
  const auto live = [](wharf& w) { w.live("cam"); };
  const auto active = [](wharf& w) { w.open_active("cam"); };
  const auto with_slow_source = [](wharf& w) { w.live("cam").slow = true; };
  const auto closing = [](wharf& w) {
    w.live("cam").slow = true;
    caf::anon_send(w.supervisor, close_request{harbour::key("cam")});
    w.lab.run();
  };
  const auto sending = [](wharf& w) {
    w.live("cam");
    caf::anon_send(w.supervisor, wharf::to_nobody("cam"));
    w.lab.run();
  };
  const auto many = [](wharf& w) {
    w.settings.max_sources = 1200;
    w.apply();
    for (int i = 0; i < 1100; ++i) caf::anon_send(w.supervisor, wharf::fetched(std::to_string(i)));
    w.lab.run();
  };
  watch_request watch;
  watch.who.key = cam;
  watch.wait = 1h;
  auto connect = connect_request{cam, *net::endpoint::parse("127.0.0.1", 9), 10s};
  const std::string supervisor = "stream_supervisor";
  return {
      asking("an open", nothing_before, harbour::request("cam")),
      asking("an open behind a close", closing, harbour::request("cam"), {supervisor, "sourced_stream"}),
      asking("an open of what is fetched", nothing_before, wharf::fetched("cam"), {supervisor, "sourced_stream"}),
      asking("an open of what is pushed", nothing_before, wharf::pushed("cam"), {supervisor, "question_catcher"}),
      asking("a close", with_slow_source, close_request{cam}, {supervisor, "sourced_stream"}),
      asking("a second close", closing, close_request{cam}, {supervisor, "sourced_stream"}),
      asking("a viewer of what is not there", nothing_before, watch),
      asking("a viewer", live, watch, {supervisor, "question_catcher"}),
      asking("a query", live, query_request{cam}),
      asking("a list", live, list_request{}),
      asking("a list of ports", live, ports_request{}),
      asking("figures of many streams", many, stats_request{}),
      asking("an idle check", live, idle_check_request{cam, 1s}),
      asking("media", live, media_request{cam}),
      asking("a sender", live, wharf::to_nobody("cam"), {supervisor, "rtp_sender"}),
      asking("the end of a sender", sending, stop_sending_request{cam, {}}, {supervisor, "rtp_sender"}),
      asking("senders", sending, senders_request{cam}),
      asking("a filter", active, update_ssrc_request{cam, 5}, {supervisor, "stream"}),
      asking("a connection", active, connect, {supervisor, "stream"}),
      asking("a playback", live, playback_request{cam, 1s}, {supervisor, "sourced_stream"}),
      asking("the end of all", with_slow_source, shutdown_request{}, {supervisor, "sourced_stream"}),
  };
}

/// Runs so many messages, ends the one with that name if he has shown himself by then, and runs all the rest. What
/// became of it; `finished`: there was nothing left to run before he was ended.
struct course {
  bool ended_somebody = false;
  bool was_open = false;
  bool finished = false;
  int answers = 0;
};
course run_course(const situation& s, const std::string& whose, std::size_t messages) {
  wharf w;
  caf::strong_actor_ptr ended;
  const auto look_around = [&] {
    for (auto* job : w.lab.scheduler.jobs)
      if (name_of(job) == whose)
        ended = caf::actor_cast<caf::strong_actor_ptr>(dynamic_cast<caf::abstract_actor*>(job));
  };
  w.lab.before_each = look_around;
  s.before(w);
  s.ask(w);
  look_around();
  for (std::size_t i = 0; i < messages && w.lab.runnable() > 0; ++i) {
    w.lab.step(0);
    look_around();
  }
  // Who has ended by himself meanwhile is ended by nobody.
  if (ended && has_ended(ended)) ended = nullptr;
  course c{.ended_somebody = ended != nullptr, .was_open = w.heard.answers() == 0, .finished = w.lab.runnable() == 0};
  if (ended) caf::anon_send_exit(caf::actor_cast<caf::actor>(std::exchange(ended, nullptr)), caf::exit_reason::kill);
  w.lab.before_each = nullptr;
  w.lab.run();
  c.answers = w.heard.answers();
  return c;
}

}  // namespace

TEST_CASE("open questions: between any two messages an actor may end, and what it was asked is answered once") {
  for (const auto& s : situations())
    for (const auto& whose : s.whose_end) {
      INFO(s.what << ", and the end of " << whose);
      bool ended_with_it_open = false;
      for (std::size_t messages = 0;; ++messages) {
        INFO("after " << messages << " messages");
        const auto c = run_course(s, whose, messages);
        if (c.ended_somebody) CHECK(c.answers == 1);
        ended_with_it_open |= c.ended_somebody && c.was_open;
        if (c.finished || !c.was_open) break;
      }
      CHECK(ended_with_it_open);
    }
}

TEST_CASE("open questions: the supervisor is asked nothing that no situation is about") {
  std::set<std::type_index> asked;
  for (const auto& s : situations()) asked.insert(s.question);
  CHECK(asked == questions_of<supervisor_actor>::types());
}

namespace {

/// Hooks that take everything and never say anything.
class silent_transport final : public hook_transport {
 public:
  void post(std::shared_ptr<const hook_delivery>, std::function<void(hook_outcome)> done) override {
    kept_.push_back(std::move(done));
  }

 private:
  std::vector<std::function<void(hook_outcome)>> kept_;
};

/// Asks each question that there is, and ends the actor before or after it has heard it.
template <class Actor, class Make>
void end_with_each_question(Make make) {
  for (const bool heard : {false, true})
    questions_of<Actor>::for_each([&](auto question) {
      INFO(typeid(question).name() << (heard ? ", heard" : ", not heard"));
      actor_lab lab;
      const Actor actor = make(lab);
      lab.run();
      listener who{lab};
      who.ask(actor, std::move(question));
      if (heard) lab.run();
      caf::anon_send_exit(actor, caf::exit_reason::kill);
      lab.run();
      CHECK(who.answers() == 1);
    });
}

}  // namespace

TEST_CASE("open questions: those of the hooks and of the event log end with them") {
  silent_transport transport;
  auto on = std::make_shared<hook_settings>();
  on->enabled = true;
  for (auto& url : on->urls) url = "http://127.0.0.1:9/hook";
  end_with_each_question<hook_dispatcher_actor>(
      [&](actor_lab& lab) { return spawn<hook_dispatcher>(lab.system, &transport, on); });
  end_with_each_question<event_log_actor>(
      [](actor_lab& lab) { return spawn<event_log>(lab.system, 10, 1, [](const event_ptr&) {}); });
}
