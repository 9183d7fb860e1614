// Test-time augmentation: one picture is seen several ways (resized, mirrored), and what was found is brought together: boxes of all
// views go through one NMS per class, then every view gives a mask for each box that is left, and the masks are averaged.
// Before it: detector. After it: postprocess. As detectron2's GeneralizedRCNNWithTTA does it.
#pragma once

#include <functional>
#include <vector>

#include "model/mask_rcnn.h"
#include "structures/image_view.h"

namespace mimdet {

/// Size of the picture in that view, before padding.
SizeHw view_size(const ModelConfig& config, SizeHw picture, const View& view);

/// The picture as the view shows it to the model.
Image view_picture(const ModelConfig& config, const ImageView& picture, const View& view);

/// The batch of one picture that a view shows.
using ShowView = std::function<ImageBatch(const View&)>;

/// Instances in the frame of `frame`, the picture's usual size before padding. A single view without change gives what
/// MaskRcnn::detect gives. Throws Cancelled between stations.
Instances detect_in_views(const MaskRcnn& model, SizeHw frame, const ShowView& show, const DetectOptions& options,
                          const CancelFlag& cancel, StationLog* log = nullptr);

/// (M, 4) boxes at size `from` -> the same places at size `to`, mirrored as the view is; its own inverse where the sizes change sides.
at::Tensor map_boxes(const at::Tensor& boxes_xyxy, SizeHw from, SizeHw to, const View& view);

}  // namespace mimdet
