#include "addon/evaluate_wrap.h"

#include <limits>

#include "addon/arguments.h"
#include "addon/background.h"
#include "eval/coco_eval.h"
#include "eval/coco_json.h"

namespace mimdet {
namespace {

IouType read_iou_type(const std::string& name) {
  if (name == "bbox") return IouType::kBbox;
  if (name == "segm") return IouType::kSegm;
  fail_expected(ErrorCode::kInvalidArgument, "'bbox' or 'segm'", "iouTypes", "'" + name + "'");
}

ConfusionOptions read_confusion(const Napi::Value& value) {
  const Napi::Object options = read_object(value, "confusion");
  return {read_iou_type(read_text(options.Get("iouType"), "confusion.iouType")), read_number(options.Get("iou"), "confusion.iou"),
          read_number(options.Get("scoreThreshold"), "confusion.scoreThreshold")};
}

EvalOptions read_eval_options(const Napi::Value& value) {
  const Napi::Object options = read_object(value, "options");
  EvalOptions read;
  read.iou_types.clear();
  for (const std::string& name : read_text_list(options.Get("iouTypes"), "iouTypes"))
    read.iou_types.push_back(read_iou_type(name));
  const std::vector<double> max_dets = read_number_list(options.Get("maxDets"), "maxDets");
  if (max_dets.size() != read.max_dets.size())
    fail_expected(ErrorCode::kInvalidArgument, "three numbers", "maxDets", std::to_string(max_dets.size()));
  for (size_t i = 0; i < max_dets.size(); ++i) {
    if (!(max_dets[i] >= 0 && max_dets[i] <= std::numeric_limits<int32_t>::max()))
      fail_expected(ErrorCode::kInvalidArgument, "whole numbers", "maxDets", std::to_string(max_dets[i]));
    read.max_dets[i] = static_cast<int64_t>(max_dets[i]);
  }
  read.threads = read_integer(options.Get("threads"), "threads", 0, 1024);
  read.curves = options.Get("curves").ToBoolean();
  if (const Napi::Value confusion = options.Get("confusion"); confusion.IsObject()) read.confusion = read_confusion(confusion);
  return read;
}

}  // namespace

Napi::Value evaluate_coco(const Napi::CallbackInfo& info) {
  const EvalOptions options = read_eval_options(info[2]);
  const double job = read_number(info[3], "job");
  const FileBytes ground_truth = copy_bytes(info[0], "groundTruth");
  const FileBytes detections = copy_bytes(info[1], "detections");
  const auto work = [=](const CancelFlag& cancel) {
    EvalOptions own = options;
    own.cancel = cancel;
    const CocoDataset dataset = parse_coco_dataset(ground_truth.text());
    throw_if_cancelled(cancel);
    const CocoResults results = parse_coco_results(detections.text());
    return to_json(evaluate(dataset, results, own));
  };
  return background_promise(info.Env(), job, work, text_to_js);
}

}  // namespace mimdet
