#include "inference/shared_detectors.h"

#include <filesystem>
#include <fstream>

#include "check.h"

using namespace mimdet;

TEST("shared_detectors: a key tells files, their versions and ways of loading apart") {
  const auto folder = std::filesystem::temp_directory_path() / "mimdet-shared-detectors";
  std::filesystem::create_directories(folder);
  const std::string file = folder / "a", other = folder / "b", link = folder / "c";
  std::filesystem::remove(link);
  std::ofstream(file) << "one";
  std::ofstream(other) << "one";
  std::filesystem::create_symlink(file, link);
  const DetectorOptions options;
  const std::string key = detector_key(file, options);
  CHECK(key == detector_key(link, options));
  CHECK(key != detector_key(other, options));
  CHECK(key != detector_key(file, {.min_size = 64}));
  CHECK(key != detector_key(file, {.precision = "bfloat16"}));
  std::ofstream(file) << "longer";
  CHECK(key != detector_key(file, options));
  CHECK(detector_key(folder / "none", options).empty());
  std::filesystem::remove_all(folder);
}

TEST("shared_detectors: one is found as long as somebody owns it") {
  if (mimdet::test::golden("nuclei").empty()) return mimdet::test::report_skip("no golden/nuclei");
  SharedDetectors& shared = SharedDetectors::instance();
  const ModelWeights weights = load_weights(mimdet::test::golden("nuclei") + "/weights.safetensors");
  const DetectorOptions options = {.device = "cpu", .threads = 1};
  auto detector = std::make_shared<Detector>(weights, options);
  CHECK(!shared.holds("a key"));
  shared.add("a key", detector);
  CHECK(shared.holds("a key"));
  CHECK(shared.find("a key") == detector);
  CHECK(shared.find("another key") == nullptr);
  detector.reset();
  CHECK(!shared.holds("a key"));
  CHECK(shared.find("a key") == nullptr);
}
