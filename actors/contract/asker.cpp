#include "actors/contract/asker.hpp"

namespace berth::actors {

void asker::enqueue(caf::mailbox_element_ptr answer, caf::execution_unit*) {
  if (!answer->mid.is_response()) return;
  decltype(waiting_)::node_type found;
  {
    const std::lock_guard lock{waiting_mutex_};
    found = waiting_.extract(answer->mid.request_id().integer_value());
  }
  if (found) found.mapped().finish(answer.get());
}

void asker::expire(net::time_point now) {
  std::vector<entry> late;
  {
    const std::lock_guard lock{waiting_mutex_};
    for (auto it = waiting_.begin(); it != waiting_.end();) {
      if (it->second.deadline > now) {
        ++it;
        continue;
      }
      late.push_back(std::move(it->second));
      it = waiting_.erase(it);
    }
  }
  for (const auto& e : late) e.finish(nullptr);
}

}  // namespace berth::actors
