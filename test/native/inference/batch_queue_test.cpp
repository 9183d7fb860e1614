#include "inference/batch_queue.h"

#include "check.h"

using namespace mimdet;
using namespace std::chrono_literals;

namespace {

const Clock::time_point kStart = Clock::now();

DetectJobPtr job(SizeHw input_size, Clock::duration after = 0ms, int32_t priority = 0) {
  auto made = std::make_shared<DetectJob>(ImageView{nullptr, {8, 8}});
  made->input_size = input_size;
  made->arrival = kStart + after;
  made->priority = priority;
  return made;
}

const SizeHw kWide = {32, 64}, kTall = {64, 32};

}  // namespace

TEST("batch_queue: pictures of one shape and equal options travel together, others wait") {
  BatchQueue queue({.max_batch = 8});
  const auto a = job(kWide), b = job(kTall, 1ms), c = job(kWide, 2ms), other = job(kWide, 3ms);
  other->options.masks = false;
  const auto limited = job(kWide, 4ms);
  limited->budget_ms = 50;
  for (const auto& each : {a, b, c, other, limited}) queue.push(each);
  CHECK(queue.take(kStart + 5ms) == std::vector({a, c}));
  CHECK(queue.take(kStart + 5ms) == std::vector({b}));
  CHECK(queue.take(kStart + 5ms) == std::vector({other}));
  CHECK(queue.take(kStart + 5ms) == std::vector({limited}));
  CHECK(queue.take(kStart + 5ms).empty());
  CHECK(queue.ready_at() == kNever);
}

TEST("batch_queue: no batch is larger than max_batch, and the rest keeps its place") {
  BatchQueue queue({.max_batch = 2});
  const auto a = job(kWide), b = job(kWide, 1ms), c = job(kWide, 2ms), d = job(kTall, 3ms);
  for (const auto& each : {a, b, c, d}) queue.push(each);
  CHECK(queue.take(kStart + 5ms) == std::vector({a, b}));
  CHECK(queue.take(kStart + 5ms) == std::vector({c}));
  CHECK(queue.take(kStart + 5ms) == std::vector({d}));
}

TEST("batch_queue: a batch waits max_delay for company, a full one does not") {
  BatchQueue queue({.max_batch = 2, .max_delay = 10ms});
  const auto a = job(kWide), b = job(kWide, 4ms);
  queue.push(a);
  CHECK(queue.ready_at() == kStart + 10ms);
  CHECK(queue.take(kStart + 9ms).empty());
  queue.push(b);
  CHECK(queue.ready_at() <= kStart + 4ms);
  CHECK(queue.take(kStart + 4ms) == std::vector({a, b}));
}

TEST("batch_queue: the first of any shape leads, so a rare shape is not starved by a common one") {
  BatchQueue queue({.max_batch = 1});
  const auto rare = job(kTall, 1ms);
  queue.push(job(kWide));
  queue.push(rare);
  queue.take(kStart + 5ms);
  for (int i = 0; i < 5; ++i) queue.push(job(kWide, 2ms));
  CHECK(queue.take(kStart + 5ms) == std::vector({rare}));
}

TEST("batch_queue: a higher priority goes first, equal ones in the order they came") {
  BatchQueue queue({.max_batch = 1});
  const auto low = job(kWide, 0ms, -1), first = job(kTall, 1ms), second = job(kWide, 2ms), high = job(kWide, 3ms, 5);
  for (const auto& each : {low, first, second, high}) queue.push(each);
  for (const auto& expected : {high, first, second, low}) CHECK(queue.take(kStart + 5ms) == std::vector({expected}));
}

TEST("batch_queue: a full queue refuses one more") {
  BatchQueue queue({.max_batch = 4, .max_waiting = 2});
  queue.push(job(kWide));
  queue.push(job(kTall));
  CHECK_FAILS(queue.push(job(kWide)), ErrorCode::kQueueFull, "at most 2 waiting pictures");
  CHECK_EQUAL(queue.size(), 2u);
}

TEST("batch_queue: jobs are taken out one by one, by deadline, and all") {
  BatchQueue queue({.max_batch = 4});
  const auto a = job(kWide), late = job(kWide), b = job(kTall);
  late->deadline = kStart + 3ms;
  for (const auto& each : {a, late, b}) queue.push(each);
  CHECK(queue.remove(*a));
  CHECK(!queue.remove(*a));
  CHECK(queue.take_expired(kStart + 2ms).empty());
  CHECK(queue.take_expired(kStart + 3ms) == std::vector({late}));
  CHECK(queue.take_all() == std::vector({b}));
  CHECK_EQUAL(queue.size(), 0u);
}
