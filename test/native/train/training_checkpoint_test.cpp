// Checkpoints as files: whole or not at all, of one run, and refused where anything else is brought.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>

#include "check.h"
#include "train/training_checkpoint.h"
#include "weights/safetensors.h"
#include "weights/weights_testing.h"

using namespace mimdet;
using test::tensor_of;

namespace {

TrainingCheckpoint checkpoint_of(int64_t step, int64_t numbers = 100) {
  return {R"({"seed":1})", step, 3, {12, 345}, R"({"best": 0.5, "text": "ä\n\"})", {tensor_of("a", DType::kFloat32, {numbers}), tensor_of("b", DType::kInt64, {2})}};
}

/// A disk that takes no more than `bytes` of one file, as far as this process is concerned.
struct FullDisk {
  explicit FullDisk(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &before);
    const rlimit now = {bytes, before.rlim_max};
    handler = std::signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &now);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
  }
  rlimit before{};
  void (*handler)(int);
};

/// A tensor whose bytes all are the step's last one.
TrainingCheckpoint marked_checkpoint(int64_t step) {
  constexpr size_t kBytes = 4 << 18;
  const std::shared_ptr<std::byte[]> bytes(new std::byte[kBytes]);
  std::fill_n(bytes.get(), kBytes, static_cast<std::byte>(step));
  return {"{}", step, 0, {}, "", {{"a", DType::kFloat32, {kBytes / 4}, bytes.get(), kBytes, bytes}}};
}

/// A process that writes one checkpoint after the other until it is killed.
pid_t start_writer(const std::string& path, int64_t first) {
  const pid_t child = fork();
  if (child != 0) return child;
  for (int64_t step = first;; ++step) write_training_checkpoint(path, marked_checkpoint(step));
}

}  // namespace

TEST("training_checkpoint: a process that is killed while it writes leaves a whole one") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("last");
  int64_t step = 0;
  write_training_checkpoint(path, marked_checkpoint(step));
  for (int kill_point = 0; kill_point < 30; ++kill_point) {
    const pid_t writer = start_writer(path, step + 1);
    usleep(static_cast<useconds_t>(500 + 977 * kill_point));
    kill(writer, SIGKILL);
    waitpid(writer, nullptr, 0);
    const TrainingCheckpoint found = read_training_checkpoint(path);
    CHECK(found.step >= step);
    const NamedTensor& tensor = found.tensors.at(0);
    CHECK(std::all_of(tensor.data, tensor.data + tensor.bytes, [&](std::byte byte) { return byte == static_cast<std::byte>(found.step); }));
    step = found.step;
  }
  CHECK(step > 0);
}

TEST("training_checkpoint: what was written is read") {
  const test::TemporaryFolder folder;
  const TrainingCheckpoint written = checkpoint_of(12);
  write_training_checkpoint(folder.path("last"), written);
  const TrainingCheckpoint read = read_training_checkpoint(folder.path("last"));
  CHECK_EQUAL(read.options, written.options);
  CHECK_EQUAL(read.step, 12);
  CHECK_EQUAL(read.average_updates, 3);
  CHECK_EQUAL(read.loss_scale.exponent, 12);
  CHECK_EQUAL(read.loss_scale.steps, 345);
  CHECK_EQUAL(read.state, written.state);
  CHECK_EQUAL(read.tensors.size(), 2u);
  CHECK(test::same_bytes(read.tensors[0], written.tensors[0]));
  CHECK(test::same_bytes(read.tensors[1], written.tensors[1]));
}

TEST("training_checkpoint: a full disk leaves the one before whole, and nothing beside it") {
  const test::TemporaryFolder folder;
  write_training_checkpoint(folder.path("last"), checkpoint_of(1));
  {
    const FullDisk full(8192);
    CHECK_FAILS(write_training_checkpoint(folder.path("last"), checkpoint_of(2, 100000)), ErrorCode::kWeights, "a file that can be written");
  }
  CHECK_EQUAL(read_training_checkpoint(folder.path("last")).step, 1);
  CHECK_EQUAL(std::distance(std::filesystem::directory_iterator(folder.path("")), {}), 1);
}

TEST("training_checkpoint: what a killed process left beside it is removed") {
  const test::TemporaryFolder folder;
  std::ofstream(folder.path("last.123-0.partial")) << "half";
  std::ofstream(folder.path("other.123-0.partial")) << "half";
  write_training_checkpoint(folder.path("last"), checkpoint_of(1));
  CHECK(!std::filesystem::exists(folder.path("last.123-0.partial")));
  CHECK(std::filesystem::exists(folder.path("other.123-0.partial")));
}

TEST("training_checkpoint: other files, missing and cut ones are refused by name") {
  const test::TemporaryFolder folder;
  CHECK_FAILS(read_training_checkpoint(folder.path("none")), ErrorCode::kWeights, "none");
  write_safetensors(folder.path("weights"), {tensor_of("a", DType::kFloat32, {4})}, {{"format", "mimdet"}});
  CHECK_FAILS(read_training_checkpoint(folder.path("weights")), ErrorCode::kWeights, "a checkpoint of a training run");
  write_safetensors(folder.path("bad"), {tensor_of("a", DType::kFloat32, {4})},
                    {{"format", "mimdet-checkpoint"}, {"version", "1"}, {"options", "{}"}, {"step", "-1"}, {"averageUpdates", "0"}, {"state", ""}});
  CHECK_FAILS(read_training_checkpoint(folder.path("bad")), ErrorCode::kWeights, "step");
  write_training_checkpoint(folder.path("cut"), checkpoint_of(1));
  std::filesystem::resize_file(folder.path("cut"), std::filesystem::file_size(folder.path("cut")) - 5);
  CHECK_FAILS(read_training_checkpoint(folder.path("cut")), ErrorCode::kWeights, "cut");
}
