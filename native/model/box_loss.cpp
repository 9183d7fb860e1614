#include "model/box_loss.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/l1_loss.h>

#include <algorithm>

#include "model/box_codec.h"
#include "model/config.h"

namespace mimdet {
namespace {

at::Tensor all_classes(const std::vector<SampledRois>& rois) {
  std::vector<at::Tensor> classes;
  for (const SampledRois& picture : rois) classes.push_back(picture.classes);
  return at::cat(classes);
}

/// (F) int64: places of the foreground's own class among rows of four deltas, (R · C, 4).
at::Tensor foreground_rows(const std::vector<SampledRois>& rois, int64_t num_classes) {
  std::vector<at::Tensor> rows;
  int64_t first = 0;
  for (const SampledRois& picture : rois) {
    const at::Tensor places = at::arange(first, first + picture.foreground, at::kLong);
    rows.push_back(places * num_classes + picture.classes.slice(0, 0, picture.foreground));
    first += picture.classes.size(0);
  }
  return at::cat(rows);
}

}  // namespace

at::Tensor foreground_deltas(const std::vector<SampledRois>& rois) {
  std::vector<at::Tensor> deltas;
  for (const SampledRois& picture : rois)
    deltas.push_back(box_deltas(picture.boxes_xyxy.slice(0, 0, picture.foreground), picture.target_boxes, fixed::kRoiBoxWeights));
  return at::cat(deltas);
}

BoxLosses box_losses(const BoxPredictions& predictions, const std::vector<SampledRois>& rois) {
  const at::Device device = predictions.class_logits.device();
  const at::Tensor logits = predictions.class_logits.to(at::kFloat), deltas = predictions.deltas.to(at::kFloat);
  const int64_t count = logits.size(0), num_classes = deltas.size(1) / 4;
  if (count == 0) return {logits.sum(), deltas.sum()};
  const at::Tensor own = deltas.reshape({-1, 4}).index_select(0, foreground_rows(rois, num_classes).to(device));
  return {at::cross_entropy_loss(logits, all_classes(rois).to(device)),
          at::l1_loss(own, foreground_deltas(rois).to(device), at::Reduction::Sum) / static_cast<double>(count)};
}

}  // namespace mimdet
