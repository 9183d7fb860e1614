// Precompiled for every source of mimdet_core and its tests: LibTorch's tensor headers are nine tenths of what a small source costs to
// compile. Sources include what they use all the same, so that each compiles without this file too.
#include <ATen/core/Tensor.h>
#include <ATen/TensorOperators.h>

#include <string>
#include <vector>
