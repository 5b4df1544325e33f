// Deleters for what C libraries give away.
#pragma once

namespace berth::net {

/// std::unique_ptr<X, freed_by<x_free>>
template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

}  // namespace berth::net
