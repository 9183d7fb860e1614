// The presets: names for configurations, nothing more.
#include "base/error.h"
#include "model/config.h"

namespace mimdet {
namespace {

std::vector<std::string> coco_classes() {
  return {"person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat", "traffic light", "fire hydrant", "stop sign",
          "parking meter", "bench", "bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe", "backpack", "umbrella",
          "handbag", "tie", "suitcase", "frisbee", "skis", "snowboard", "sports ball", "kite", "baseball bat", "baseball glove", "skateboard",
          "surfboard", "tennis racket", "bottle", "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple", "sandwich", "orange",
          "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch", "potted plant", "bed", "dining table", "toilet", "tv",
          "laptop", "mouse", "remote", "keyboard", "cell phone", "microwave", "oven", "toaster", "sink", "refrigerator", "book", "clock", "vase",
          "scissors", "teddy bear", "hair drier", "toothbrush"};
}

ModelConfig base() {
  ModelConfig c;  // the defaults above are `base`
  c.classes = coco_classes();
  return c;
}

ModelConfig large() {
  ModelConfig c = base();
  c.encoder.dim = 1024;
  c.encoder.depth = 24;
  c.encoder.heads = 16;
  c.encoder.drop_path = 0.4;
  return c;
}

ModelConfig tiny() {
  ModelConfig c;
  c.image_size = 256;
  c.encoder = {.dim = 192, .depth = 6, .heads = 3, .mlp_ratio = 4.0, .drop_path = 0.0, .layer_norm_eps = 1e-5};
  c.decoder = {.dim = 128, .depth = 2, .heads = 4, .mlp_ratio = 4.0, .layer_norm_eps = 1e-5};
  c.fpn_channels = 64;
  c.rpn.anchor_sizes = {{12}, {24}, {48}, {96}, {192}};
  c.rpn.post_nms_topk_test = 500;
  c.roi.box_convs = 2;
  c.roi.box_conv_dim = 64;
  c.roi.box_fc_dim = 256;
  c.roi.mask_conv_dim = 64;
  c.roi.batch_per_image = 128;
  c.roi.detections_per_image = 300;
  c.classes = {"nucleus"};
  c.min_size = 384;
  c.max_size = 640;
  return c;
}

}  // namespace

const std::vector<std::string>& preset_names() {
  static const std::vector<std::string> names = {"base", "large", "tiny"};
  return names;
}

ModelConfig preset(const std::string& name) {
  if (name == "base") return base();
  if (name == "large") return large();
  if (name == "tiny") return tiny();
  fail_expected(ErrorCode::kInvalidArgument, "base, large or tiny", "preset", "\"" + name + "\"");
}

}  // namespace mimdet
