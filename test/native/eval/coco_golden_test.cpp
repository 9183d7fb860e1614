// The evaluation against pycocotools: golden/coco-eval and golden/coco-eval/more, every case, bit for bit.
#include <cstring>
#include <filesystem>

#include "base/json.h"
#include "check.h"
#include "eval/coco_eval.h"
#include "eval/coco_json.h"
#include "sha256.h"

using namespace mimdet;
using mimdet::test::golden;
using mimdet::test::read_file;
using mimdet::test::Sha256;

namespace {

// A run of the reference: "bbox@100", of the case in `folder`.
struct Run {
  std::string case_name, folder, name;
  Json expected;
  IouType type() const { return name.starts_with("bbox") ? IouType::kBbox : IouType::kSegm; }
  int64_t max_dets() const { return std::stoll(name.substr(name.find('@') + 1)); }
};

std::vector<Run> runs() {
  std::vector<Run> all;
  for (const char* group : {"coco-eval", "coco-eval/more"}) {
    const std::string file = golden(std::string(group) + "/expected.json");
    if (file.empty()) continue;
    const Json document = Json::parse(read_file(file));
    for (const auto& [case_name, by_type] : document.object())
      for (const auto& [name, expected] : by_type.object()) {
        const std::string folder = golden(std::string(group) + "/" + case_name);
        if (std::filesystem::exists(folder + "/gt.json")) all.push_back({case_name, folder, name, expected});
      }
  }
  return all;
}

// As the reference was run: results carry boxes only for boxes, masks only for masks.
IouTypeResult run_ours(const Run& run, int64_t threads) {
  EvalOptions options{{run.type()}, {1, 10, run.max_dets()}, threads, true, {}};
  const EvalResult result = evaluate(parse_coco_dataset(read_file(run.folder + "/gt.json")),
                                     parse_coco_results(read_file(run.folder + "/dt.json")), options);
  return run.type() == IouType::kBbox ? *result.bbox : *result.segm;
}

bool same_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }

// Named in the message, so that the first difference tells which number of which case it is.
void check_number(const Run& run, const std::string& what, double received, double expected) {
  if (same_bits(received, expected)) return;
  std::ostringstream text;
  text.precision(17);
  text << run.case_name << ' ' << run.name << ' ' << what << ": received " << received << ", expected " << expected;
  mimdet::test::report_failure(__FILE__, __LINE__, text.str());
}

void check_run(const Run& run, const IouTypeResult& ours) {
  const auto& stats = run.expected.at("stats").array();
  for (size_t i = 0; i < stats.size(); ++i) check_number(run, "stats[" + std::to_string(i) + "]", ours.stats[i], stats[i].number());
  const auto& by_category = run.expected.at("perCategoryAP").array();
  CHECK_EQUAL(ours.per_category.size(), by_category.size());
  for (size_t k = 0; k < by_category.size(); ++k) {
    check_number(run, "perCategoryAP[" + std::to_string(k) + "]", ours.per_category[k].ap, by_category[k].number());
    if (const Json* ids = run.expected.find("categoryIds")) CHECK_EQUAL(ours.per_category[k].id, ids->array()[k].integer());
  }
  CHECK_EQUAL(Sha256::of(ours.arrays.precision), run.expected.at("precision").string());
  CHECK_EQUAL(Sha256::of(ours.arrays.recall), run.expected.at("recall").string());
  CHECK_EQUAL(Sha256::of(ours.arrays.scores), run.expected.at("scores").string());
}

const Run* find_run(const std::vector<Run>& all, const std::string& case_name, const std::string& name) {
  for (const Run& run : all)
    if (run.case_name == case_name && run.name == name) return &run;
  return nullptr;
}

void check_all(int64_t threads) {
  const std::vector<Run> all = runs();
  if (all.empty()) return mimdet::test::report_skip("no reference data in golden/coco-eval");
  for (const Run& run : all) {
    if (run.expected.find("error")) {
      CHECK_FAILS(run_ours(run, threads), ErrorCode::kDataset, "image_id");
    } else if (run.case_name == "id_zero") {
      // pycocotools takes a match with annotation 0 for no match. Counted right, the case equals its twin that is numbered from 1.
      if (const Run* twin = find_run(all, "id_one", run.name)) check_run(*twin, run_ours(run, threads));
    } else {
      check_run(run, run_ours(run, threads));
    }
  }
}

}  // namespace

TEST("sha256: the standard's example") {
  CHECK_EQUAL(Sha256().digest(reinterpret_cast<const uint8_t*>("abc"), 3), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST("coco_eval golden: one thread") { check_all(1); }
TEST("coco_eval golden: three threads") { check_all(3); }
