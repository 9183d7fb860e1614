#include "base/heap.h"

#include "base/arena.h"

#ifdef __linux__
#include <features.h>
#endif
#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace mimdet {
namespace {

void trim_heap() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

}  // namespace

void give_back_free_memory() {
  Arena::instance().clear();
  trim_heap();
}

void give_back_unused_memory() {
  Arena::instance().trim();
  trim_heap();
}

}  // namespace mimdet
