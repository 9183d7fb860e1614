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

DetectJobPtr job_of(const std::string& caller, Clock::duration after, SizeHw input_size = kWide) {
  auto made = job(input_size, after);
  made->caller = caller;
  return made;
}

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

TEST("batch_queue: a lower priority leads once after sixteen batches that were led past it") {
  BatchQueue queue({.max_batch = 1});
  const auto low = job(kWide, 0ms, -1);
  queue.push(low);
  for (int i = 1; i <= 20; ++i) queue.push(job(kTall, i * 1ms));
  for (int i = 0; i < BatchQueue::kMostPassedOver; ++i) CHECK(queue.take(kStart + 50ms) != std::vector({low}));
  CHECK(queue.take(kStart + 50ms) == std::vector({low}));
}

TEST("batch_queue: a lower priority among company of a higher one leads when its turn has come") {
  BatchQueue queue({.max_batch = 2});
  const auto low = job(kWide, 0ms, -1);
  queue.push(low);
  for (int i = 1; i <= 60; ++i) queue.push(job(kWide, i * 1ms));
  for (int i = 0; i < BatchQueue::kMostPassedOver; ++i) queue.take(kStart + 90ms);
  CHECK(queue.take(kStart + 90ms).front() == low);
}

TEST("batch_queue: a caller with many pictures holds up no other") {
  BatchQueue queue({.max_batch = 1});
  for (int i = 0; i < 10; ++i) queue.push(job_of("many", i * 1ms));
  const auto one = job_of("few", 20ms), two = job_of("few", 21ms);
  queue.push(one);
  queue.push(two);
  std::vector<std::string> order;
  for (int i = 0; i < 5; ++i) order.push_back(queue.take(kStart + 50ms).front()->caller);
  CHECK(order == std::vector<std::string>({"many", "few", "many", "few", "many"}));
}

TEST("batch_queue: a caller that was away has saved up no turns") {
  BatchQueue queue({.max_batch = 1});
  for (int i = 0; i < 6; ++i) queue.push(job_of("here", i * 1ms));
  for (int i = 0; i < 3; ++i) queue.take(kStart + 50ms);
  for (int i = 0; i < 3; ++i) queue.push(job_of("new", (10 + i) * 1ms));
  std::vector<std::string> order;
  for (int i = 0; i < 4; ++i) order.push_back(queue.take(kStart + 50ms).front()->caller);
  CHECK(order == std::vector<std::string>({"new", "here", "new", "here"}));
}

TEST("batch_queue: turns are counted in pixels, so large pictures take more of them") {
  BatchQueue queue({.max_batch = 1});
  for (int i = 0; i < 4; ++i) queue.push(job_of("large", i * 1ms, {64, 64}));
  for (int i = 0; i < 4; ++i) queue.push(job_of("small", (10 + i) * 1ms, {32, 64}));
  std::vector<std::string> order;
  for (int i = 0; i < 6; ++i) order.push_back(queue.take(kStart + 50ms).front()->caller);
  CHECK(order == std::vector<std::string>({"large", "small", "small", "large", "small", "small"}));
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
