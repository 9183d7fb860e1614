// Shapes and types that an operator expects, checked once at its door.
#pragma once

#include <ATen/core/Tensor.h>

#include "base/error.h"

namespace mimdet {

/// Throws Error(kInvalidArgument) unless the tensor has that shape; -1 stands for any length.
void require_shape(const at::Tensor& tensor, const char* name, at::IntArrayRef shape);

/// Throws Error(kInvalidArgument) unless the tensor is float32 or float64.
void require_floating(const at::Tensor& tensor, const char* name);

}  // namespace mimdet
