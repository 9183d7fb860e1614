#include "inference/model_info.h"

#include "weights/preset_by_shape.h"

namespace mimdet {

ModelInfo describe(const ModelWeights& weights) {
  ModelInfo info;
  info.config = weights.config;
  info.metadata = weights.metadata;
  std::erase_if(info.metadata, [](const auto& entry) { return entry.first == "config"; });
  info.preset = preset_of(weights.config);
  for (const NamedTensor& tensor : weights.tensors)
    info.parameters += static_cast<int64_t>(tensor.bytes / dtype_size(tensor.dtype));
  return info;
}

}  // namespace mimdet
