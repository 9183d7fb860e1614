#include "inference/test_time_augmentation.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/flip.h>
#include <ATen/ops/rsub.h>
#include <ATen/ops/stack.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "image/flip.h"
#include "image/resize.h"
#include "ops/nms.h"

namespace mimdet {
namespace {

/// A view after its boxes: the pyramid waits for the masks.
struct SeenView {
  View view;
  SizeHw size;
  Pyramid pyramid;
};

int64_t scaled(int64_t pixels, double scale) {
  return std::max<int64_t>(1, std::llround(static_cast<double>(pixels) * scale));
}

/// A span of an axis of that length, seen from its other end.
void mirror(at::Tensor& low, at::Tensor& high, int64_t length) {
  std::swap(low, high);
  low = at::rsub(low, length);
  high = at::rsub(high, length);
}

float ratio(int64_t to, int64_t from) { return static_cast<float>(static_cast<double>(to) / static_cast<double>(from)); }

/// The best of all views' boxes: of those that overlap within a class, the one with the highest score.
Instances merge_boxes(const std::vector<Instances>& found, SizeHw frame, const RoiConfig& config, const DetectOptions& options) {
  std::vector<at::Tensor> boxes, scores, classes;
  for (const Instances& view : found) {
    boxes.push_back(view.boxes_xyxy);
    scores.push_back(view.scores);
    classes.push_back(view.classes);
  }
  const Instances all = {frame, at::cat(boxes), at::cat(scores), at::cat(classes), {}};
  const at::Tensor kept = batched_nms(all.boxes_xyxy, all.scores, all.classes, config.nms_threshold)
                              .slice(0, 0, options.detections_per_image.value_or(config.detections_per_image));
  return {frame, all.boxes_xyxy.index_select(0, kept), all.scores.index_select(0, kept), all.classes.index_select(0, kept), {}};
}

at::Tensor mirror_masks(const at::Tensor& probabilities, const View& view) {
  std::vector<int64_t> axes;
  if (view.flip_vertical) axes.push_back(1);
  if (view.flip_horizontal) axes.push_back(2);
  return axes.empty() ? probabilities : at::flip(probabilities, axes);
}

/// (M, S, S): what the view makes of boxes that all views agreed on, as the frame sees it.
at::Tensor masks_of(const MaskRcnn& model, const SeenView& seen, const Instances& merged, const CancelFlag& cancel, StationLog* log) {
  std::vector<Instances> own = {merged};
  own[0].image_size = seen.size;
  own[0].boxes_xyxy = map_boxes(merged.boxes_xyxy, merged.image_size, seen.size, seen.view);
  model.add_masks(seen.pyramid, own, cancel, log);
  return mirror_masks(own[0].mask_probabilities, seen.view);
}

at::Tensor average_masks(const MaskRcnn& model, const std::vector<SeenView>& views, const Instances& merged, const CancelFlag& cancel,
                         StationLog* log) {
  at::Tensor sum;
  for (const SeenView& seen : views) {
    const at::Tensor masks = masks_of(model, seen, merged, cancel, log);
    sum = sum.defined() ? sum + masks : masks;
  }
  return sum / static_cast<double>(views.size());
}

}  // namespace

SizeHw view_size(const ModelConfig& config, SizeHw picture, const View& view) {
  return shortest_edge_size(picture, scaled(config.min_size, view.scale), scaled(config.max_size, view.scale));
}

Image view_picture(const ModelConfig& config, const ImageView& picture, const View& view) {
  Image image = resize_bilinear(picture, view_size(config, picture.size, view));
  if (view.flip_horizontal) flip_horizontally(image);
  if (view.flip_vertical) flip_vertically(image);
  return image;
}

Instances detect_in_views(const MaskRcnn& model, SizeHw frame, const ShowView& show, const DetectOptions& options,
                          const CancelFlag& cancel, StationLog* log) {
  std::vector<SeenView> views;
  std::vector<Instances> found;
  for (const View& view : options.views) {
    const ImageBatch batch = show(view);
    views.push_back({view, batch.sizes[0], model.features(batch, options, cancel, log)});
    found.push_back(model.boxes(views.back().pyramid, batch.sizes, options, cancel, log)[0]);
    found.back().boxes_xyxy = map_boxes(found.back().boxes_xyxy, batch.sizes[0], frame, view);
  }
  Instances merged = merge_boxes(found, frame, model.config().roi, options);
  if (options.masks) merged.mask_probabilities = average_masks(model, views, merged, cancel, log);
  return merged;
}

at::Tensor map_boxes(const at::Tensor& boxes_xyxy, SizeHw from, SizeHw to, const View& view) {
  const float x_ratio = ratio(to.width, from.width), y_ratio = ratio(to.height, from.height);
  at::Tensor x1 = boxes_xyxy.select(1, 0) * x_ratio, x2 = boxes_xyxy.select(1, 2) * x_ratio;
  at::Tensor y1 = boxes_xyxy.select(1, 1) * y_ratio, y2 = boxes_xyxy.select(1, 3) * y_ratio;
  if (view.flip_horizontal) mirror(x1, x2, to.width);
  if (view.flip_vertical) mirror(y1, y2, to.height);
  return at::stack({x1, y1, x2, y2}, 1);
}

}  // namespace mimdet
