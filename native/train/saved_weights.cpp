// See saved_weights.h.
#include "train/saved_weights.h"

#include <vector>

#include "base/error.h"
#include "model/state_dict.h"
#include "weights/check_weights.h"
#include "weights/float_formats.h"
#include "weights/model_file.h"
#include "weights/safetensors.h"
#include "weights/stored_tensor.h"
#include "weights/weight_names.h"

namespace mimdet {
namespace {

NamedTensor to_half(NamedTensor tensor) {
  const std::string name = tensor.name;
  NamedTensor half = read_tensor(stored_tensor(std::move(tensor)), DType::kFloat16);
  if (find_non_finite(half))
    fail_expected(ErrorCode::kWeights, "numbers that half precision holds (up to 65504)", name, "larger ones; save them as float32");
  return half;
}

}  // namespace

void save_weights(const std::string& path, const ModelConfig& config, const StateDict& tensors, bool half, const Metadata& card) {
  const std::vector<ExpectedTensor> expected = expected_tensors(config);
  std::vector<TensorSpec> specs;
  for (const ExpectedTensor& tensor : expected) specs.push_back({tensor.name, half ? DType::kFloat16 : DType::kFloat32, tensor.shape});
  SafetensorsWriter writer(path, specs, make_metadata(kModelFormat, config, card_of(card)));
  for (const ExpectedTensor& each : expected) {
    NamedTensor tensor = as_named_tensor(each.name, tensors.at(each.name));
    check_finite({tensor});
    if (half) tensor = to_half(std::move(tensor));
    writer.append(tensor.data, tensor.bytes);
  }
  writer.commit();
}

}  // namespace mimdet
