// A picture whose pixels belong to JavaScript. The compute thread reads them once, at the start of a forward pass.
#pragma once

#include <mutex>

#include "base/error.h"
#include "structures/image_view.h"

namespace mimdet {

/// Reading and taking back exclude each other, so that an ending worker can take its memory back at any moment
/// and waits for no more than one resize.
class BorrowedPicture {
 public:
  explicit BorrowedPicture(ImageView view) : size_(view.size), view_(view) {}

  SizeHw size() const { return size_; }

  /// Calls `reader(view)`. Throws Cancelled where the pixels have been taken back.
  template <class Reader>
  auto read(Reader reader) {
    const std::lock_guard lock(mutex_);
    if (!view_.rgb) throw Cancelled();
    return reader(view_);
  }

  void take_back() {
    const std::lock_guard lock(mutex_);
    view_.rgb = nullptr;
  }

 private:
  const SizeHw size_;
  std::mutex mutex_;
  ImageView view_;
};

}  // namespace mimdet
