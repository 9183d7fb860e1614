// Good files cut at many lengths and with bytes flipped at seeded places: a clean Error or a result, never anything else.
// A crash or a sanitizer's report is the failure; so is an exception of another kind.
#include <random>

#include "check.h"
#include "weights/checkpoint.h"
#include "weights/convert.h"
#include "weights/inspect.h"
#include "weights/load_weights.h"
#include "weights/weights_testing.h"

namespace mimdet::test {
namespace {

constexpr const char* kFiles[] = {"zip.pth",
                                  "legacy.pth",
                                  "training.pth",
                                  "training_legacy.pth",
                                  "shared_storage.pth",
                                  "parameters.pth",
                                  "transposed.pth",
                                  "weights.safetensors",
                                  "float16.safetensors",
                                  "detectron2_protocol2.pkl",
                                  "detectron2_protocol4.pkl",
                                  "detectron2_fortran.pkl"};

/// Reads everything that a container claims, tensor by tensor. Answers with whether it was accepted.
bool read_all(const std::string& text, const std::string& what) {
  try {
    for (const StoredTensor& tensor : read_checkpoint(bytes_of(text)).tensors) read_tensor(tensor, tensor.dtype);
    return true;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kWeights) report_failure(__FILE__, __LINE__, what + ": " + code_name(error.code()));
    if (std::string(error.what()).size() > 5000) report_failure(__FILE__, __LINE__, what + ": a message without end");
  } catch (const std::exception& error) {
    report_failure(__FILE__, __LINE__, what + ": " + error.what());
  }
  return false;
}

TEST("damaged files: cut anywhere, a container is refused") {
  const std::string folder = golden("checkpoints");
  if (folder.empty()) return report_skip("no reference data checkpoints");
  for (const char* file : kFiles) {
    const std::string good = read_file(folder + "/" + file);
    CHECK(read_all(good, file));
    for (size_t i = 0; i < 120; ++i) {
      const size_t length = i < 40 ? i : good.size() * (i - 40) / 80;
      if (read_all(good.substr(0, length), file))
        report_failure(__FILE__, __LINE__, std::string(file) + " cut to " + std::to_string(length));
    }
  }
}

TEST("damaged files: bytes flipped in headers, pickles and directories") {
  const std::string folder = golden("checkpoints");
  if (folder.empty()) return report_skip("no reference data checkpoints");
  std::mt19937 random(7);
  for (const char* file : kFiles) {
    const std::string good = read_file(folder + "/" + file);
    for (int round = 0; round < 400; ++round) {
      std::string bad = good;
      const size_t flips = 1 + random() % 4;
      for (size_t i = 0; i < flips; ++i) {
        const size_t range = round % 2 ? bad.size() : std::min<size_t>(bad.size(), 4096);  // pickles and headers stand in front
        bad[random() % range] = static_cast<char>(random());
      }
      read_all(bad, file);
    }
    for (int round = 0; round < 100; ++round) {  // the directory of a ZIP stands at the end
      std::string bad = good;
      bad[bad.size() - 1 - random() % 200] = static_cast<char>(random());
      read_all(bad, file);
    }
  }
}

TEST("damaged files: a damaged model is refused or loaded, and an inspection is JSON or an error") {
  const std::string folder = golden("nuclei");
  if (folder.empty()) return report_skip("no reference data nuclei");
  const std::string good = read_file(folder + "/weights.safetensors").substr(0, 24208 + 64);
  std::mt19937 random(11);
  for (int round = 0; round < 300; ++round) {
    std::string bad = good;
    bad[random() % bad.size()] = static_cast<char>(random());
    CHECK_FAILS(load_weights(bytes_of(bad)), ErrorCode::kWeights, "");
    CHECK_FAILS(inspect_weights(bytes_of(bad)), ErrorCode::kWeights, "");
  }
}

}  // namespace
}  // namespace mimdet::test
