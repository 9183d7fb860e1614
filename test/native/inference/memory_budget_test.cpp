#include "inference/memory_budget.h"

#include "check.h"

using namespace mimdet;

TEST("memory_budget: base at 800 x 1333 needs about a gigabyte, and grows with the area") {
  const double once = forward_bytes(preset("base"), {800, 1344}), twice = forward_bytes(preset("base"), {1600, 1344});
  CHECK(once > 0.5e9 && once < 2e9);
  CHECK(twice > 1.7 * once && twice < 2 * once);
}

TEST("memory_budget: what fits passes, what cannot is refused with both figures") {
  CHECK(available_memory() > 0);
  check_memory(preset("tiny"), {384, 640});
  CHECK_FAILS(check_memory(preset("base"), {1 << 20, 1 << 20}), ErrorCode::kOutOfMemory, "1048576 x 1048576 pixels");
}

TEST("memory_budget: what other views keep is counted") {
  CHECK(pyramid_bytes(preset("base"), {800, 1344}) < forward_bytes(preset("base"), {800, 1344}) / 3);
  CHECK_FAILS(check_memory(preset("tiny"), {384, 640}, 1e18), ErrorCode::kOutOfMemory, "384");
}
