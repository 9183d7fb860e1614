// Times the evaluation for compare.py, which times pycocotools on the same files in turn.
//   eval_bench make FOLDER [PICTURES]      writes gt.json and dt.json
//   eval_bench serve GT DT THREADS         for each line "bbox" or "segm" on standard input one run from the files, and one line of JSON
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>

#include "eval/coco_eval.h"
#include "eval/coco_json.h"
#include "synthetic_coco.h"

using namespace mimdet;

namespace {

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) fail(ErrorCode::kInvalidArgument, "cannot read " + path);
  std::string text(file.tellg(), '\0');
  file.seekg(0);
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  return text;
}

// As pycocotools is timed: results carry boxes only for boxes, masks only for masks; both sides read the same files.
std::string run(const std::string& truth, const std::string& results, const std::string& type, int64_t threads) {
  const double start = seconds();
  const CocoDataset dataset = parse_coco_dataset(read_file(truth));
  const CocoResults found = parse_coco_results(read_file(results));
  const double loaded = seconds();
  EvalOptions options;
  options.iou_types = {type == "bbox" ? IouType::kBbox : IouType::kSegm};
  options.threads = threads;
  const EvalResult result = evaluate(dataset, found, options);
  const double evaluated = seconds();
  const auto& stats = (type == "bbox" ? result.bbox : result.segm)->stats;
  std::string line = "{\"load\":" + std::to_string(loaded - start) + ",\"evaluate\":" + std::to_string(evaluated - loaded) + ",\"stats\":[";
  for (size_t i = 0; i < stats.size(); ++i) {
    char number[40];
    std::snprintf(number, sizeof number, "%s%.17g", i ? "," : "", stats[i]);
    line += number;
  }
  return line + "]}";
}

int serve(char** arguments) {
  for (std::string type; std::getline(std::cin, type);)
    std::cout << run(arguments[2], arguments[3], type, std::stoll(arguments[4])) << std::endl;
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string command = count > 1 ? arguments[1] : "";
  try {
    if (command == "serve" && count == 5) return serve(arguments);
    if (command == "make" && count >= 3) {
      bench::SyntheticSize size;
      if (count > 3) size.pictures = std::stoll(arguments[3]);
      bench::write_synthetic_coco(arguments[2], size);
      return 0;
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  std::fprintf(stderr, "usage: eval_bench make FOLDER [PICTURES] | serve GT DT THREADS\n");
  return 2;
}
