// What a model's precision means for its layers: kFloat, kBFloat16 and kHalf are what everything is computed in; kChar stands for float32 with
// int8 weights in the linear layers.
#pragma once

#include <c10/core/ScalarType.h>

namespace mimdet {

/// kSplit: float32 in three parts of bfloat16 (ops/cpu/split_product), where the processor is quicker so.
enum class WeightForm { kAsGiven, kSplit, kInt8 };

inline at::ScalarType layer_dtype(at::ScalarType precision) { return precision == at::kChar ? at::kFloat : precision; }

/// Of weights for inference; kInt8 is the linear layers' alone.
inline WeightForm weight_form(at::ScalarType precision) {
  if (precision == at::kChar) return WeightForm::kInt8;
  return precision == at::kFloat ? WeightForm::kSplit : WeightForm::kAsGiven;
}

}  // namespace mimdet
