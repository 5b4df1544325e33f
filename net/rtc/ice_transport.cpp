#include "net/rtc/ice_transport.hpp"

#include <nice/agent.h>

#include "net/base/freed_by.hpp"

namespace berth::net {
namespace {

using text_ptr = std::unique_ptr<gchar, freed_by<g_free>>;

void free_candidates(GSList* list) { g_slist_free_full(list, reinterpret_cast<GDestroyNotify>(nice_candidate_free)); }

/// A candidate's line with another address in it: the fifth word (RFC 8839 5.1).
std::string with_address(const std::string& candidate, const std::string& address) {
  std::size_t begin = 0;
  for (int word = 0; word < 4; ++word) {
    begin = candidate.find(' ', begin);
    if (begin == candidate.npos) return candidate;
    ++begin;
  }
  const auto end = candidate.find(' ', begin);
  return candidate.substr(0, begin) + address + (end == candidate.npos ? "" : candidate.substr(end));
}

class transport final : public ice_transport {
 public:
  transport(rtc_loop& loop, const ice_options& o, events e) : options_(o), events_(std::move(e)) {
    const auto flags = NICE_AGENT_OPTION_CONSENT_FRESHNESS;
    agent_ = nice_agent_new_full(loop.context(), NICE_COMPATIBILITY_RFC5245, flags);
    g_object_set(agent_, "controlling-mode", o.controlling ? TRUE : FALSE, "ice-tcp", FALSE, "upnp", FALSE, nullptr);
    for (const auto& a : o.addresses) {
      NiceAddress address;
      nice_address_init(&address);
      if (nice_address_set_from_string(&address, a.c_str()) != FALSE) nice_agent_add_local_address(agent_, &address);
    }
    stream_ = nice_agent_add_stream(agent_, 1);
    nice_agent_set_port_range(agent_, stream_, component, o.ports.first, o.ports.last);
    nice_agent_attach_recv(
        agent_, stream_, component, loop.context(),
        [](NiceAgent*, guint, guint, guint size, gchar* data, gpointer self) {
          static_cast<transport*>(self)->events_.datagram({reinterpret_cast<const std::uint8_t*>(data), size});
        },
        this);
    g_signal_connect(agent_, "candidate-gathering-done",
                     G_CALLBACK(+[](NiceAgent*, guint, gpointer self) { static_cast<transport*>(self)->gathered(); }),
                     this);
    g_signal_connect(agent_, "component-state-changed",
                     G_CALLBACK(+[](NiceAgent*, guint, guint, guint state, gpointer self) {
                       static_cast<transport*>(self)->changed(state);
                     }),
                     this);
  }
  ~transport() override {
    g_signal_handlers_disconnect_by_data(agent_, this);
    nice_agent_attach_recv(agent_, stream_, component, nullptr, nullptr, nullptr);
    nice_agent_remove_stream(agent_, stream_);
    g_object_unref(agent_);
  }
  transport(const transport&) = delete;
  transport& operator=(const transport&) = delete;

  bool gather() override { return stream_ != 0 && nice_agent_gather_candidates(agent_, stream_) != FALSE; }

  bool set_remote(const ice_parameters& theirs) override {
    if (nice_agent_set_remote_credentials(agent_, stream_, theirs.ufrag.c_str(), theirs.pwd.c_str()) == FALSE)
      return false;
    GSList* list = nullptr;
    for (const auto& line : theirs.candidates) {
      const auto sdp = "a=" + line;
      // Names of the local network, TCP and what is unknown are none; a browser is found by its own checks then.
      auto* const one = nice_agent_parse_remote_candidate_sdp(agent_, stream_, sdp.c_str());
      if (one != nullptr) list = g_slist_append(list, one);
    }
    if (list != nullptr) nice_agent_set_remote_candidates(agent_, stream_, component, list);
    free_candidates(list);
    return true;
  }

  void send(bytes_view d) override {
    nice_agent_send(agent_, stream_, component, static_cast<guint>(d.size()), reinterpret_cast<const gchar*>(d.data()));
  }

 private:
  static constexpr guint component = NICE_COMPONENT_TYPE_RTP;

  void gathered() {
    ice_parameters own;
    gchar *ufrag = nullptr, *pwd = nullptr;
    nice_agent_get_local_credentials(agent_, stream_, &ufrag, &pwd);
    const text_ptr u{ufrag}, p{pwd};
    if (u && p) own = {u.get(), p.get(), {}};
    GSList* const list = nice_agent_get_local_candidates(agent_, stream_, component);
    for (const auto* item = list; item != nullptr; item = item->next) {
      const text_ptr line{nice_agent_generate_local_candidate_sdp(agent_, static_cast<NiceCandidate*>(item->data))};
      if (!line) continue;
      std::string text = line.get();
      if (text.starts_with("a=")) text.erase(0, 2);
      for (const auto& a : options_.announced) own.candidates.push_back(with_address(text, a));
      if (options_.announced.empty()) own.candidates.push_back(std::move(text));
    }
    free_candidates(list);
    events_.gathered(own);
  }

  void changed(guint state) {
    if (state == NICE_COMPONENT_STATE_CONNECTED || state == NICE_COMPONENT_STATE_READY) {
      if (!std::exchange(connected_, true)) events_.connected();
    } else if (state == NICE_COMPONENT_STATE_FAILED) {
      events_.failed();
    }
  }

  const ice_options options_;
  const events events_;
  NiceAgent* agent_ = nullptr;
  guint stream_ = 0;
  bool connected_ = false;
};

}  // namespace

std::unique_ptr<ice_transport> ice_transport::make(rtc_loop& loop, const ice_options& o, events e) {
  return std::make_unique<transport>(loop, o, std::move(e));
}

}  // namespace berth::net
