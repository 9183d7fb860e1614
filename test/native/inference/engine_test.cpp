// Which thread serves whom: sources of one lane take turns, those of two lanes run side by side.
#include "inference/engine.h"

#include <barrier>
#include <future>
#include <set>
#include <thread>

#include "check.h"

using namespace mimdet;

namespace {

/// Work for one turn.
class Once : public WorkSource {
 public:
  Once(int lane, std::function<void()> work) : lane_(lane), work_(std::move(work)) {}

  int lane() const override { return lane_; }
  Clock::time_point ready_at() const override { return taken_ ? kNever : Clock::time_point::min(); }
  void run_one() noexcept override {
    if (taken_.exchange(true)) return;
    work_();
    done_.set_value(std::this_thread::get_id());
  }
  void abandon() noexcept override { taken_ = true; }

  /// The thread that ran it.
  std::thread::id wait() { return done_.get_future().get(); }

 private:
  const int lane_;
  const std::function<void()> work_;
  std::atomic<bool> taken_ = false;
  std::promise<std::thread::id> done_;
};

std::shared_ptr<Once> start(int lane, std::function<void()> work = [] {}) {
  auto source = std::make_shared<Once>(lane, std::move(work));
  Engine::instance().add(source);
  Engine::instance().wake();
  return source;
}

}  // namespace

TEST("engine: the work of two GPUs runs side by side, on a thread for each") {
  std::barrier meeting(3);
  const auto meet = [&] { meeting.arrive_and_wait(); };
  const auto first = start(1, meet), second = start(2, meet), processor = start(0, meet);  // none could end alone
  const std::set<std::thread::id> threads = {first->wait(), second->wait(), processor->wait()};
  CHECK_EQUAL(threads.size(), 3);
}

TEST("engine: one lane is one thread, after it was stopped too") {
  const auto a = start(1), b = start(1);
  CHECK(a->wait() == b->wait());
  Engine::instance().stop(false);
  const auto c = start(1), d = start(0);
  CHECK(c->wait() != d->wait());
}

TEST("engine: stopping waits for every lane") {
  std::promise<void> begun;
  std::atomic<bool> ended = false;
  const auto slow = start(2, [&] {
    begun.set_value();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    ended = true;
  });
  begun.get_future().wait();
  Engine::instance().stop(false);
  CHECK(ended);
}
