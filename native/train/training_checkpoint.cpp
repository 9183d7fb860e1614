// See training_checkpoint.h.
#include "train/training_checkpoint.h"

#include <charconv>
#include <filesystem>

#include "base/error.h"
#include "weights/model_file.h"
#include "weights/safetensors.h"

namespace mimdet {
namespace {

constexpr const char* kFormat = "mimdet-checkpoint";
constexpr const char* kVersion = "1";
constexpr int64_t kMostCounted = int64_t{1} << 40;  // steps; what is counted on must not overflow
constexpr const char *kLossScale = "lossScaleExponent", *kLossScaleSteps = "lossScaleSteps";

void remove_leftovers(const std::string& path) {
  namespace fs = std::filesystem;
  const fs::path file(path);
  const std::string beginning = file.filename().string() + ".";
  std::error_code failed;  // a folder that cannot be listed is told of by the writer
  for (const auto& entry : fs::directory_iterator(file.has_parent_path() ? file.parent_path() : fs::path("."), failed)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(beginning) && name.ends_with(".partial")) fs::remove(entry.path(), failed);
  }
}

const std::string& text_in(const Metadata& metadata, const char* key) {
  const std::string* found = find_metadata(metadata, key);
  if (!found) fail_expected(ErrorCode::kWeights, "an entry in the checkpoint's metadata", key, "none");
  return *found;
}

int64_t count_in(const Metadata& metadata, const char* key) {
  const std::string& text = text_in(metadata, key);
  int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size() || count < 0 || count > kMostCounted)
    fail_expected(ErrorCode::kWeights, "a whole number that a run can come to", key, "\"" + show_name(text) + "\"");
  return count;
}

/// Files from before there was one hold runs that need none.
LossScale::State loss_scale_in(const Metadata& metadata) {
  if (!find_metadata(metadata, kLossScale)) return {};
  return {count_in(metadata, kLossScale), count_in(metadata, kLossScaleSteps)};
}

TrainingCheckpoint read(const std::string& path) {
  Safetensors content = read_safetensors(path);
  const std::string* format = find_metadata(content.metadata, "format");
  if (!format || *format != kFormat)
    fail_expected(ErrorCode::kWeights, "a checkpoint of a training run", "path", format ? "a file of format " + show_name(*format) : "another file");
  if (const std::string& version = text_in(content.metadata, "version"); version != kVersion)
    fail_expected(ErrorCode::kWeights, "version 1", "version", show_name(version));
  return {text_in(content.metadata, "options"), count_in(content.metadata, "step"), count_in(content.metadata, "averageUpdates"),
          loss_scale_in(content.metadata), text_in(content.metadata, "state"), std::move(content.tensors)};
}

}  // namespace

void write_training_checkpoint(const std::string& path, const TrainingCheckpoint& checkpoint) {
  remove_leftovers(path);
  write_safetensors(path, checkpoint.tensors,
                    {{"format", kFormat}, {"version", kVersion}, {"options", checkpoint.options}, {"step", std::to_string(checkpoint.step)},
                     {"averageUpdates", std::to_string(checkpoint.average_updates)}, {kLossScale, std::to_string(checkpoint.loss_scale.exponent)},
                     {kLossScaleSteps, std::to_string(checkpoint.loss_scale.steps)}, {"state", checkpoint.state}});
}

TrainingCheckpoint read_training_checkpoint(const std::string& path) {
  return in_file(path, [&] { return read(path); });
}

}  // namespace mimdet
