// What a model's precision means for its layers: kFloat, kBFloat16 and kHalf are what everything is computed in; kChar stands for float32 with
// int8 weights in the linear layers.
#pragma once

#include <c10/core/ScalarType.h>

namespace mimdet {

enum class WeightForm { kAsGiven, kInt8 };

inline at::ScalarType layer_dtype(at::ScalarType precision) { return precision == at::kChar ? at::kFloat : precision; }

/// Of the linear layers.
inline WeightForm linear_form(at::ScalarType precision) { return precision == at::kChar ? WeightForm::kInt8 : WeightForm::kAsGiven; }

}  // namespace mimdet
