// The trainer on a small model and pictures of noise: a run is a function of its options, and stands still where a step fails.
#include <chrono>
#include <cmath>
#include <cstring>
#include <thread>

#include "check.h"
#include "base/json.h"
#include "data/random.h"
#include "train/trainer.h"
#include "train/training_checkpoint.h"
#include "weights/load_weights.h"
#include "weights/safetensors.h"
#include "weights/weights_testing.h"

using namespace mimdet;

namespace {

/// Smaller than any preset, with drop path and a part of the patches left out: everything random takes part.
ModelConfig small_config() {
  ModelConfig config = preset("tiny");
  config.image_size = 64;
  config.encoder.dim = 48, config.encoder.depth = 2, config.encoder.heads = 2, config.encoder.drop_path = 0.3;
  config.decoder.dim = 32, config.decoder.depth = 1, config.decoder.heads = 2;
  config.fpn_channels = config.roi.box_conv_dim = config.roi.mask_conv_dim = 16;
  config.roi.box_fc_dim = 32, config.roi.batch_per_image = 16, config.roi.mask_convs = 1;
  config.classes = {"a", "b"};
  return config;
}

TrainOptions small_options(const std::string& more = "") {
  return TrainOptions::from_json_text(R"({"model": )" + small_config().to_json().dump() +
                                      R"(, "schedule": {"steps": 20, "warmupSteps": 2}, "optimizer": {"lr": 0.001, "clipNorm": 5},
                                         "emaDecay": 0.9, "seed": 3, "threads": 1, "sampleRatioRange": [0.4, 0.9])" + more + "}");
}

TrainingPicture noise_picture(uint64_t seed) {
  Random random(seed, 0, Purpose::kFlip);
  TrainingPicture picture;
  picture.image.size = {64, 48};
  picture.image.rgb.resize(64 * 48 * 3);
  for (auto& value : picture.image.rgb) value = static_cast<uint8_t>(random.below(256));
  for (int64_t i = 0; i < 3; ++i) {
    const double x = random.uniform(0, 20), y = random.uniform(0, 30), side = random.uniform(8, 24);
    picture.objects.push_back({{x, y, x + side, y + side}, i % 2, PolygonMask{{x, y, x + side, y, x + side, y + side, x, y + side}}});
  }
  return picture;
}

TrainingBatchPtr batch_of(uint64_t seed) {
  return std::make_shared<TrainingBatch>(TrainingBatch{noise_picture(2 * seed), noise_picture(2 * seed + 1)});
}

void train(Trainer& trainer, int64_t until) {
  while (trainer.steps_done() < until) trainer.step({batch_of(static_cast<uint64_t>(trainer.steps_done()))});
}

/// Every byte that the next step depends on.
std::string state_of(Trainer& trainer, const test::TemporaryFolder& folder) {
  trainer.save_checkpoint(folder.path("state"), "");
  return test::read_file(folder.path("state"));
}

}  // namespace

TEST("trainer: a run that is saved and loaded goes on to the same bits") {
  const test::TemporaryFolder folder;
  Trainer whole(small_options(), "");
  train(whole, 5);
  for (const int64_t stop : {0, 1, 3}) {
    {
      Trainer first(small_options(), "");
      train(first, stop);
      first.save_checkpoint(folder.path("last"), "hello");
    }
    Trainer second(small_options(), "");
    train(second, 1);  // what it has done before counts for nothing
    CHECK_EQUAL(second.load_checkpoint(folder.path("last")), std::string("hello"));
    CHECK_EQUAL(second.steps_done(), stop);
    train(second, 5);
    CHECK(state_of(second, folder) == state_of(whole, folder));
  }
}

TEST("trainer: reports losses, counts and times; the weights move") {
  Trainer trainer(small_options(), "");
  const StepReport report = trainer.step({batch_of(0)});
  CHECK_EQUAL(report.step, 1);
  CHECK_EQUAL(report.lr, 0.0);
  CHECK_EQUAL(report.objects, 6);
  CHECK(report.foreground > 0);
  CHECK(std::isfinite(report.losses.total()) && report.losses.rpn_cls > 0 && report.losses.cls > 0 && report.losses.mask > 0);
  CHECK(report.grad_norm > 0);
  CHECK(report.ms.total >= report.ms.backward && report.ms.backward > 0);
  const StepReport second = trainer.step({batch_of(1)});
  CHECK_EQUAL(second.step, 2);
  CHECK(std::abs(second.lr - 0.0005 * 0.9755282581) < 1e-9);  // half of what the cosine has at the end of the warm-up
}

TEST("trainer: losses fall on one batch") {
  Trainer trainer(small_options(R"(, "sampleRatio": 1, "sampleRatioRange": [1, 1])"), "");
  double first = 0, last = 0;  // of five steps each: what is drawn differs from step to step
  for (int i = 0; i < 20; ++i) {
    const double loss = trainer.step({batch_of(0)}).losses.total();
    if (i < 5) first += loss;
    if (i >= 15) last += loss;
  }
  CHECK(last < 0.85 * first);
}

TEST("trainer: a step that is cancelled anywhere changes nothing") {
  const test::TemporaryFolder folder;
  Trainer trainer(small_options(), "");
  train(trainer, 1);
  const double step_ms = trainer.step({batch_of(1)}).ms.total;
  int cancelled = 0;
  for (int part = 0; part < 8; ++part) {
    const std::string before = state_of(trainer, folder);
    const CancelFlag cancel = make_cancel_flag();
    std::thread raiser([&] {
      std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(step_ms * part / 8));
      cancel->store(true);
    });
    try {
      trainer.step({batch_of(1)}, cancel);
    } catch (const Cancelled&) {
      ++cancelled;
      CHECK(state_of(trainer, folder) == before);
    }
    raiser.join();
  }
  CHECK(cancelled > 0);
  train(trainer, trainer.steps_done() + 1);
}

TEST("trainer: a loss that is not finite is told with its step, and changes nothing") {
  const test::TemporaryFolder folder;
  Trainer trainer(small_options(R"(, "optimizer": {"lr": 1e3})"), "");
  std::string before;
  for (int i = 0; i < 60; ++i) {
    before = state_of(trainer, folder);
    try {
      trainer.step({batch_of(0)});
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::kDiverged);
      CHECK(std::string(error.what()).find("step " + std::to_string(trainer.steps_done() + 1)) != std::string::npos);
      CHECK(state_of(trainer, folder) == before);
      return;
    }
  }
  CHECK(!"the run has diverged");
}

TEST("trainer: accumulated batches are one step, and must be as many as was said") {
  Trainer trainer(small_options(R"(, "accumulate": 2)"), "");
  CHECK_FAILS(trainer.step({batch_of(0)}), ErrorCode::kInvalidArgument, "batches");
  const StepReport report = trainer.step({batch_of(0), batch_of(1)});
  CHECK_EQUAL(report.objects, 12);
  CHECK_EQUAL(trainer.steps_done(), 1);
}

TEST("trainer: recomputing activations changes no bit") {
  const test::TemporaryFolder folder;
  Trainer plain(small_options(), ""), recomputing(small_options(R"(, "checkpointing": true)"), "");
  train(plain, 3);
  train(recomputing, 3);
  CHECK(state_of(plain, folder) == state_of(recomputing, folder));
}

/// null where the processor has no instructions for the precision, and says so.
std::unique_ptr<Trainer> open_if_supported(const TrainOptions& options) {
  try {
    return std::make_unique<Trainer>(options, "");
  } catch (const Error& error) {
    CHECK_EQUAL(error.code(), ErrorCode::kDevice);
    return nullptr;
  }
}

/// Trains to the end on one batch; the mean of the last five losses, since a single one hangs on which patches were drawn.
double last_losses(Trainer& trainer) {
  double sum = 0;
  while (trainer.steps_done() < 20) {
    const double loss = trainer.step({batch_of(0)}).losses.total();
    if (trainer.steps_done() > 15) sum += loss;
  }
  return sum / 5;
}

/// The losses are those of float32 but for rounding, fall alike, and a run is repeatable. Skips what the processor has no instructions for.
void check_precision(const std::string& name) {
  const test::TemporaryFolder folder;
  const std::string precision = R"(, "precision": ")" + name + "\"";
  const auto rounded = open_if_supported(small_options(precision));
  if (!rounded) return;
  Trainer exact(small_options(), ""), again(small_options(precision), ""), recomputed(small_options(precision + R"(, "checkpointing": true)"), "");
  const StepReport wanted = exact.step({batch_of(0)}), found = rounded->step({batch_of(0)});
  CHECK(std::abs(found.losses.total() - wanted.losses.total()) < 0.05 * wanted.losses.total());
  CHECK(std::abs(found.grad_norm - wanted.grad_norm) < 0.2 * wanted.grad_norm);
  CHECK(found.losses.total() != wanted.losses.total());
  for (int64_t i = 0; i < 2; ++i) rounded->step({batch_of(0)});
  for (Trainer* other : {&again, &recomputed}) {
    for (int64_t i = 0; i < 3; ++i) other->step({batch_of(0)});
  }
  const auto weights_of = [&](Trainer& trainer) {
    trainer.save_weights(folder.path("weights"), WeightsOf::kLastStep, false, {});
    return test::read_file(folder.path("weights"));
  };
  CHECK(weights_of(*rounded) == weights_of(again));
  CHECK(weights_of(*rounded) == weights_of(recomputed));
  const double end = last_losses(*rounded), exact_end = last_losses(exact);
  CHECK(end < 0.9 * found.losses.total());
  CHECK(std::abs(end - exact_end) < 0.06 * wanted.losses.total());
}

TEST("trainer: bfloat16") { check_precision("bfloat16"); }

TEST("trainer: float16") { check_precision("float16"); }

TEST("trainer: gradients too large for the loss's scale are made again at a smaller one, and the run goes on from there") {
  const test::TemporaryFolder folder;
  const TrainOptions options = small_options(R"(, "precision": "float16")");
  const auto trainer = open_if_supported(options);
  if (!trainer) return test::report_skip("a processor without float16");
  trainer->save_checkpoint(folder.path("first"), "");
  TrainingCheckpoint checkpoint = read_training_checkpoint(folder.path("first"));
  checkpoint.loss_scale = {24, 1999};
  write_training_checkpoint(folder.path("large"), checkpoint);
  Trainer large(options, "");
  large.load_checkpoint(folder.path("large"));
  const StepReport report = large.step({batch_of(0)}), usual = trainer->step({batch_of(0)});
  CHECK_EQUAL(report.losses.total(), usual.losses.total());
  CHECK(std::abs(report.grad_norm - usual.grad_norm) < 0.01 * usual.grad_norm);
  CHECK_EQUAL(large.steps_done(), 1);
  large.save_checkpoint(folder.path("second"), "");
  const LossScale::State scale = read_training_checkpoint(folder.path("second")).loss_scale;
  CHECK(scale.exponent < 24);
  CHECK_EQUAL(scale.steps, 1);
}

TEST("trainer: a checkpoint of other options is refused by the first difference") {
  const test::TemporaryFolder folder;
  Trainer trainer(small_options(), ""), other(small_options(R"(, "accumulate": 2)"), "");
  trainer.save_checkpoint(folder.path("last"), "");
  CHECK_FAILS(other.load_checkpoint(folder.path("last")), ErrorCode::kWeights, "accumulate 1, not 2");
  CHECK_FAILS(trainer.save_checkpoint(folder.path("last"), std::string(2 << 20, ' ')), ErrorCode::kInvalidArgument, "state");
}

TEST("trainer: a checkpoint with counts that no run comes to is refused, and changes nothing") {
  const test::TemporaryFolder folder;
  Trainer trainer(small_options(), "");
  train(trainer, 2);
  trainer.save_checkpoint(folder.path("last"), "");
  for (const int64_t wrong : {int64_t{-1}, int64_t{3}}) {
    TrainingCheckpoint checkpoint = read_training_checkpoint(folder.path("last"));
    std::vector<std::byte> counts;
    for (NamedTensor& tensor : checkpoint.tensors) {
      if (tensor.name != "optimizer.steps") continue;
      counts.assign(tensor.data, tensor.data + tensor.bytes);
      std::memcpy(counts.data(), &wrong, sizeof wrong);
      tensor.data = counts.data();
    }
    write_training_checkpoint(folder.path("wrong"), checkpoint);
    CHECK_FAILS(trainer.load_checkpoint(folder.path("wrong")), ErrorCode::kWeights, "from 0 to 2 updates");
  }
  CHECK_EQUAL(trainer.steps_done(), 2);
}

TEST("trainer: frozen parameters stay, and the summary names them") {
  const test::TemporaryFolder folder;
  Trainer trainer(small_options(R"(, "optimizer": {"freeze": ["backbone.bottom_up."]})"), "");
  trainer.save_weights(folder.path("before"), WeightsOf::kLastStep, false, {});
  train(trainer, 3);
  trainer.save_weights(folder.path("after"), WeightsOf::kLastStep, false, {});
  const auto before = load_weights(folder.path("before")).tensors, after = load_weights(folder.path("after")).tensors;
  size_t same = 0;
  for (size_t i = 0; i < before.size(); ++i)
    if (before[i].name.starts_with("backbone.bottom_up.")) CHECK(test::same_bytes(before[i], after[i]));
    else same += test::same_bytes(before[i], after[i]);
  CHECK(same < before.size() / 4);
  CHECK(trainer.summary().find("backbone.bottom_up.decoder.decoder_embed.weight") != std::string::npos);
}

TEST("trainer: saved weights are those of the average or of the last step, with the card") {
  const test::TemporaryFolder folder;
  Trainer trainer(small_options(), "");
  train(trainer, 3);
  trainer.save_weights(folder.path("raw"), WeightsOf::kLastStep, false, {{"license", "CC0-1.0"}, {"format", "mine"}});
  trainer.save_weights(folder.path("ema"), WeightsOf::kAverage, true, {});
  const ModelWeights raw = load_weights(folder.path("raw")), average = load_weights(folder.path("ema"));
  CHECK_EQUAL(raw.metadata.size(), 1u);
  CHECK_EQUAL(*find_metadata(raw.metadata, "license"), std::string("CC0-1.0"));
  CHECK_EQUAL(raw.config.to_json().dump(), small_config().to_json().dump());
  CHECK(average.tensors[0].dtype == DType::kFloat16);
  Trainer next(small_options(), folder.path("raw"));
  next.save_weights(folder.path("again"), WeightsOf::kLastStep, false, {});
  const ModelWeights again = load_weights(folder.path("again"));
  for (size_t i = 0; i < raw.tensors.size(); ++i) CHECK(test::same_bytes(raw.tensors[i], again.tensors[i]));
}
