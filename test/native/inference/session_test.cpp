// Detector, queue and compute thread together, without Node.
#include "inference/session.h"

#include <array>
#include <fstream>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#ifdef __linux__
#include <sys/resource.h>
#endif

#include "check.h"
#include "inference/engine.h"

using namespace mimdet;
using namespace std::chrono_literals;
using mimdet::test::golden;

namespace {

struct Answer {
  std::promise<std::vector<float>> scores;  // or the error
  std::future<std::vector<float>> future = scores.get_future();
  DetectTiming timing = {};
};

Image blobs(int64_t seed) {
  Image image{std::vector<uint8_t>(64 * 64 * 3), {64, 64}};
  for (size_t i = 0; i < image.rgb.size(); ++i) {
    const size_t x = i / 3 % 64, y = i / 3 / 64;
    image.rgb[i] = static_cast<uint8_t>((x / 9 + y / 7 + static_cast<size_t>(seed)) % 3 * 90);
  }
  return image;
}

std::shared_ptr<Session> open(BatchLimits limits) {
  std::promise<std::shared_ptr<Session>> opened;
  Engine::instance().post([&] {
    try {
      const ModelWeights weights = load_weights(golden("nuclei") + "/weights.safetensors");
      const DetectorOptions options = {.device = "cpu", .threads = 1, .min_size = 64, .max_size = 64};
      auto detector = std::make_unique<Detector>(weights, options);
      opened.set_value(Session::open(std::move(detector), limits));
    } catch (...) {
      opened.set_exception(std::current_exception());
    }
  });
  return opened.get_future().get();
}

DetectJobPtr job(const Image& image, Answer& answer) {
  const auto made = std::make_shared<DetectJob>(image.view());
  made->options.score_threshold = 0.0;
  made->options.detections_per_image = 5;
  made->done = [&answer](const DetectResult& result) {
    std::vector<float> scores;
    for (const Detection& detection : result.detections) scores.push_back(detection.score);
    answer.timing = result.timing;
    answer.scores.set_value(scores);
  };
  made->failed = [&answer](const std::exception_ptr& error) { answer.scores.set_exception(error); };
  return made;
}

void close(Session& session, bool drain) {
  std::promise<void> closed;
  session.close(drain, [&] { closed.set_value(); });
  closed.get_future().wait();
}

template <class Error>
bool fails_with(Answer& answer) {
  try {
    answer.future.get();
  } catch (const Error&) {
    return true;
  }
  return false;
}

}  // namespace

TEST("session: a result does not depend on the company of its picture, from many threads at once") {
  if (golden("nuclei").empty()) return mimdet::test::report_skip("no golden/nuclei");
  const auto session = open({.max_batch = 4});
  std::vector<Image> images;
  for (int64_t i = 0; i < 3; ++i) images.push_back(blobs(i));
  std::vector<std::vector<float>> alone;
  for (const Image& image : images) {
    Answer answer;
    session->submit(job(image, answer));
    alone.push_back(answer.future.get());
    CHECK_EQUAL(alone.back().size(), 5u);
  }
  CHECK(alone[0] != alone[1]);
  std::vector<Answer> answers(9);
  {
    std::vector<std::jthread> callers;
    for (size_t i = 0; i < answers.size(); ++i) callers.emplace_back([&, i] { session->submit(job(images[i % 3], answers[i])); });
  }
  for (size_t i = 0; i < answers.size(); ++i) CHECK(answers[i].future.get() == alone[i % 3]);
  CHECK_EQUAL(session->stats().completed, 12);
  CHECK_EQUAL(session->stats().queued + session->stats().running, 0);
  close(*session, true);
}

TEST("session: cancelled, late and disposed jobs are each told so, once") {
  if (golden("nuclei").empty()) return mimdet::test::report_skip("no golden/nuclei");
  const auto session = open({.max_batch = 1, .max_delay = 10s});  // nothing starts before it is full, or closed
  const Image image = blobs(0);
  Answer running;
  session->submit(job(image, running));  // a batch of one is full
  running.future.get();

  const auto waiting = open({.max_batch = 8, .max_delay = 60s});
  Answer cancelled, late, rest;
  const DetectJobPtr to_cancel = job(image, cancelled), to_miss = job(image, late);
  to_miss->deadline = Clock::now() + 20ms;
  waiting->submit(to_cancel);
  waiting->submit(to_miss);
  waiting->submit(job(image, rest));
  waiting->cancel(to_cancel);
  waiting->cancel(to_cancel);
  CHECK(fails_with<Cancelled>(cancelled));
  CHECK_FAILS(late.future.get(), ErrorCode::kDeadline, "deadlineMs");
  CHECK_EQUAL(waiting->stats().queued, 1);
  close(*waiting, false);
  CHECK_FAILS(rest.future.get(), ErrorCode::kDisposed, "closed");
  Answer after;
  CHECK_FAILS(waiting->submit(job(image, after)), ErrorCode::kDisposed, "closed");
  close(*session, true);
}

TEST("session: each deadline is kept, whichever of them was given first") {
  if (golden("nuclei").empty()) return mimdet::test::report_skip("no golden/nuclei");
  const auto waiting = open({.max_batch = 8, .max_delay = 60s});
  const Image image = blobs(0);
  std::vector<Answer> answers(3);
  const std::array deadlines = {120ms, 20ms, 70ms};
  const Clock::time_point start = Clock::now();
  for (size_t i = 0; i < answers.size(); ++i) {
    const DetectJobPtr each = job(image, answers[i]);
    each->deadline = start + deadlines[i];
    waiting->submit(each);
  }
  for (const size_t i : {1, 2, 0}) {
    CHECK_FAILS(answers[i].future.get(), ErrorCode::kDeadline, "deadlineMs");
    CHECK(Clock::now() >= start + deadlines[i]);
  }
  CHECK(waiting->next_deadline() == kNever);
  close(*waiting, true);
}

TEST("session: a job that the forecast rules out is ended before its deadline, and not begun") {
  if (golden("nuclei").empty()) return mimdet::test::report_skip("no golden/nuclei");
  const auto session = open({.max_batch = 1});
  const Image image = blobs(2);
  const auto detect = [&](Clock::time_point deadline) {
    Answer answer;
    const DetectJobPtr made = job(image, answer);
    made->deadline = deadline;
    session->submit(made);
    answer.future.get();
    return answer.timing;
  };
  const double pass_ms = detect(kNever).model_ms;
  bool in_time = false;  // a busy machine may take this thread's processor away for as long as a pass
  for (int attempt = 0; attempt < 10 && !in_time; ++attempt) {
    const double spent_ms = session->stats().compute_ms;
    const Clock::time_point deadline = Clock::now() + duration_of_ms(pass_ms / 2);
    CHECK_FAILS(detect(deadline), ErrorCode::kDeadline, "deadlineMs");
    in_time = Clock::now() < deadline && session->stats().compute_ms == spent_ms;
  }
  CHECK(in_time);
  detect(Clock::now() + 60s);
  close(*session, true);
}

TEST("session: a picture that was taken back ends its job, and nothing else") {
  if (golden("nuclei").empty()) return mimdet::test::report_skip("no golden/nuclei");
  const auto session = open({.max_batch = 2});
  const Image image = blobs(1);
  Answer taken, other;
  const DetectJobPtr gone = job(image, taken);
  gone->picture.take_back();
  session->submit(gone);
  session->submit(job(image, other));
  CHECK(fails_with<Cancelled>(taken));
  CHECK_EQUAL(other.future.get().size(), 5u);
  close(*session, true);
}

TEST("session: a budget chooses the sample ratio when the pass starts, so that waiting counts") {
  if (golden("nuclei").empty()) return mimdet::test::report_skip("no golden/nuclei");
  const auto session = open({.max_batch = 1});
  const Image image = blobs(3);
  const auto timing = [&](double most, Clock::duration left) {
    Answer answer;
    const DetectJobPtr made = job(image, answer);
    made->options.sample_ratio = most;
    made->budget_ms = 60'000;
    made->finish_by = Clock::now() + left;
    session->submit(made);
    answer.future.get();
    return answer.timing;
  };
  CHECK_EQUAL(timing(1.0, 60s).sample_ratio, 1.0);  // the first guess of a new detector
  CHECK_EQUAL(timing(1.0, -1s).sample_ratio, 0.25);
  CHECK_EQUAL(timing(0.125, -1s).sample_ratio, 0.125);
  const DetectTiming ample = timing(0.6, 60s);
  CHECK_EQUAL(ample.sample_ratio, 0.6);
  CHECK(ample.predicted_ms > 0);
  for (const double ms : ample.stations.ms) CHECK(ms >= 0);
  CHECK(ample.stations.total_ms() <= ample.model_ms);
  close(*session, true);
}

#ifdef __linux__
TEST("engine: the compute thread gives way to the one that it works for") {
  std::promise<int> priority;
  Engine::instance().post([&] { priority.set_value(getpriority(PRIO_PROCESS, 0)); });  // of the thread that asks
  const int own = getpriority(PRIO_PROCESS, 0);
  const int found = priority.get_future().get();
  CHECK(found > own || own == 19);
}

TEST("engine: how far a thread gives way is asked for, and ends at the lowest priority there is") {
  const int own = getpriority(PRIO_PROCESS, 0);
  for (const int steps : {0, 10, 19}) {
    int found = 0;
    std::thread([&] { give_way(steps), found = getpriority(PRIO_PROCESS, 0); }).join();
    CHECK_EQUAL(found, std::min(own + steps, 19));
  }
}
#endif

#ifdef __GLIBC__  // other C libraries have no call for it
TEST("engine: a second after the last work, freed memory is the system's again") {
  const auto resident_mb = [] {
    int64_t all_pages = 0, resident_pages = 0;
    std::ifstream("/proc/self/statm") >> all_pages >> resident_pages;
    return resident_pages * 4096 / (1 << 20);
  };
  std::unique_ptr<char[]> last;  // keeps the library from shrinking its heap by itself
  std::promise<int64_t> used;
  Engine::instance().post([&] {
    std::vector<std::unique_ptr<char[]>> blocks;
    for (int i = 0; i < 4096; ++i) {
      blocks.push_back(std::make_unique<char[]>(16384));
      std::fill_n(blocks.back().get(), 16384, 1);
    }
    last = std::make_unique<char[]>(16384);
    blocks.clear();
    used.set_value(resident_mb());
  });
  const int64_t before = used.get_future().get();
  std::this_thread::sleep_for(2s);
  CHECK(resident_mb() < before - 40);
}
#endif

TEST("engine: stopping abandons what waits, and later work starts it again") {
  if (golden("nuclei").empty()) return mimdet::test::report_skip("no golden/nuclei");
  const auto session = open({.max_batch = 8, .max_delay = 60s});
  const Image image = blobs(2);
  Answer waiting, again;
  session->submit(job(image, waiting));
  Engine::instance().stop(false);
  CHECK(fails_with<Cancelled>(waiting));
  session->submit(job(image, again));
  close(*session, true);  // ends the wait for company
  CHECK_EQUAL(again.future.get().size(), 5u);
}
