// One training step over and over on made-up pictures: time per part, and with --operators time per LibTorch operator and
// gradient. train_step_bench CONFIG.json [--batch 8] [--side 384] [--objects 30] [--steps 5] [--threads 2] [--operators]
#include <ATen/record_function.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "data/batch.h"
#include "inference/tensor_memory.h"
#include "train/trainer.h"

namespace {

using namespace mimdet;
using Clock = std::chrono::steady_clock;

struct Arguments {
  std::string config;
  int64_t batch = 8, side = 384, objects = 30, steps = 5, threads = 2;
  bool operators = false;
};

Arguments parse(int count, char** texts) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string text = texts[i];
    const std::pair<const char*, int64_t*> numbers[] = {{"--batch", &arguments.batch},
                                                        {"--side", &arguments.side},
                                                        {"--objects", &arguments.objects},
                                                        {"--steps", &arguments.steps},
                                                        {"--threads", &arguments.threads}};
    const auto* number = std::find_if(std::begin(numbers), std::end(numbers), [&](const auto& one) { return text == one.first; });
    if (number != std::end(numbers) && i + 1 < count) *number->second = std::atol(texts[++i]);
    else if (text == "--operators") arguments.operators = true;
    else arguments.config = text;
  }
  return arguments;
}

/// Noise with bright octagons on it, each an object.
TrainingPicture made_up_picture(const Arguments& arguments, std::mt19937& random) {
  const int64_t side = arguments.side;
  TrainingPicture picture{{std::vector<uint8_t>(side * side * 3), {side, side}}, {}};
  for (uint8_t& value : picture.image.rgb) value = random() % 128;
  for (int64_t i = 0; i < arguments.objects; ++i) {
    const double radius = 6 + random() % 18, x = radius + random() % (side - 48), y = radius + random() % (side - 48),
                 corner = radius * 0.41;
    const std::vector<double> ring = {x - corner, y - radius, x + corner, y - radius, x + radius, y - corner,
                                      x + radius, y + corner, x + corner, y + radius, x - corner, y + radius,
                                      x - radius, y + corner, x - radius, y - corner};
    for (int64_t row = y - corner; row < y + corner; ++row)
      std::memset(&picture.image.rgb[(row * side + static_cast<int64_t>(x - corner)) * 3], 230,
                  static_cast<size_t>(2 * corner) * 3);
    picture.objects.push_back({{x - radius, y - radius, x + radius, y + radius}, 0, PolygonMask{ring}});
  }
  return picture;
}

TrainOptions options_of(const Arguments& arguments) {
  std::ifstream file(arguments.config);
  std::stringstream model;
  model << file.rdbuf();
  return TrainOptions::from_json_text(R"({"model":)" + model.str() +
                                      R"(,"schedule":{"kind":"constant","steps":1000},"optimizer":{"lr":1e-4},"threads":)" +
                                      std::to_string(arguments.threads) + "}");
}

/// Time of the outermost operators by name, on the thread of the step.
struct OperatorTimes {
  struct Sum {
    double ms = 0;
    int64_t calls = 0;
  };
  std::map<std::string, Sum> sums;
  int depth = 0;

  static OperatorTimes*& current() {
    static thread_local OperatorTimes* times = nullptr;
    return times;
  }
};

struct Started : at::ObserverContext {
  Clock::time_point start = Clock::now();
  bool outer = false;
};

void watch_operators() {
  at::addGlobalCallback(at::RecordFunctionCallback(
                            [](const at::RecordFunction&) -> std::unique_ptr<at::ObserverContext> {
                              auto* times = OperatorTimes::current();
                              if (!times) return nullptr;
                              auto started = std::make_unique<Started>();
                              started->outer = times->depth++ == 0;
                              return started;
                            },
                            [](const at::RecordFunction& function, at::ObserverContext* context) {
                              auto* times = OperatorTimes::current();
                              auto* started = static_cast<Started*>(context);
                              if (!times || !started) return;
                              --times->depth;
                              if (!started->outer) return;
                              auto& sum = times->sums[function.name()];
                              sum.ms += std::chrono::duration<double, std::milli>(Clock::now() - started->start).count();
                              ++sum.calls;
                            })
                            .scopes({at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION}));
}

void show(const OperatorTimes& times, int64_t steps) {
  std::vector<std::pair<double, std::string>> order;
  for (const auto& [name, sum] : times.sums) order.emplace_back(sum.ms / steps, name);
  std::sort(order.rbegin(), order.rend());
  for (size_t i = 0; i < std::min<size_t>(order.size(), 40); ++i)
    std::printf("  %8.1f ms  %5lld calls  %s\n", order[i].first,
                static_cast<long long>(times.sums.at(order[i].second).calls / steps), order[i].second.c_str());
}

}  // namespace

int main(int count, char** texts) {
  use_arena_for_tensors();
  const Arguments arguments = parse(count, texts);
  Trainer trainer(options_of(arguments), "");
  std::mt19937 random(3);
  auto pictures = std::make_shared<TrainingBatch>();
  for (int64_t i = 0; i < arguments.batch; ++i) pictures->push_back(made_up_picture(arguments, random));
  OperatorTimes times;
  double best = 1e9;
  for (int64_t i = 0; i <= arguments.steps; ++i) {
    if (i == 1 && arguments.operators) watch_operators(), OperatorTimes::current() = &times;
    const StepReport r = trainer.step({pictures});
    if (i > 0) best = std::min(best, r.ms.total);
    std::printf(
        "loss %.5f  foreground %lld  prepare %.0f  backbone %.0f  rpn %.0f  roi %.0f  backward %.0f  update %.0f  total %.0f "
        "ms\n",
        r.losses.total(), static_cast<long long>(r.foreground), r.ms.prepare, r.ms.backbone, r.ms.rpn, r.ms.roi, r.ms.backward,
        r.ms.update, r.ms.total);
  }
  std::printf("fastest %.0f ms\n", best);
  OperatorTimes::current() = nullptr;
  show(times, arguments.steps);
}
