// A convolution for inference, y = act(conv(x) + b), of odd square kernels padded by half their size, with its weight laid out once for
// the processor that it runs on: stride 1 and 3×3 by Winograd's F(4×4, 3×3) (4 times fewer multiplications; for 256 channels the result is
// 1.5e-6 from the exact one, relative), 1×1 and all others as a matrix product. Before and after it: stem, pyramid, heads.
// On another device, in another precision, and where few channels are convolved with a stride, it is at::conv2d.
#pragma once

#include <ATen/core/Tensor.h>

#include "ops/activation.h"
#include "ops/packed_matrix.h"

namespace mimdet {

class PackedConv2d {
 public:
  /// `weight` (out, in, k, k) with k odd, `bias` (out) or undefined. On the CPU in float32 they are copied and not kept. `form`: kInt8 is kAsGiven.
  explicit PackedConv2d(const at::Tensor& weight, const at::Tensor& bias = {}, int64_t stride = 1, Activation activation = Activation::kNone,
                        WeightForm form = WeightForm::kAsGiven);

  /// (N, in, H, W) in any layout -> (N, out, ceil(H / stride), ceil(W / stride)); on the fast way in and out are best channels-last, and what comes out is.
  at::Tensor operator()(const at::Tensor& x) const;

  /// sum += conv(x) + b in place, for 1×1 without an activation. `sum` must be channels-last where the fast way is taken, as all results here are.
  void add_to(at::Tensor& sum, const at::Tensor& x) const;

 private:
  enum class Way { kLibTorch, kMatrix, kPatches, kWinograd };

  int64_t in_, out_, kernel_, stride_;
  Activation activation_;
  Way way_;
  PackedMatrix matrix_;  // kMatrix, kPatches
  at::Tensor weight_;    // packed for kWinograd, or (out, in, k, k)
  at::Tensor bias_;      // filled up to whole panels, or (out); undefined where there is none

  at::Tensor empty_result(const at::Tensor& x) const;
  at::Tensor by_libtorch(const at::Tensor& x) const;
  void by_matrix(const at::Tensor& x, at::Tensor& y, bool accumulate) const;
  void by_patches(const at::Tensor& x, at::Tensor& y) const;
  void by_winograd(const at::Tensor& x, at::Tensor& y) const;
};

/// A 2×2 transposed convolution of stride 2 with ReLU or none: doubles height and width.
class PackedDeconv2x2 {
 public:
  /// `weight` (in, out, 2, 2), `bias` (out) or undefined.
  explicit PackedDeconv2x2(const at::Tensor& weight, const at::Tensor& bias = {}, Activation activation = Activation::kNone);

  at::Tensor operator()(const at::Tensor& x) const;  // (N, in, H, W) -> (N, out, 2H, 2W)

 private:
  int64_t in_, out_;
  Activation activation_;
  PackedMatrix rows_[2];  // (2 · out, in), for the upper and the lower row, where there are fast kernels
  at::Tensor weight_;     // (in, out, 2, 2) elsewhere
  at::Tensor bias_;       // twice and filled up, or (out)
};

}  // namespace mimdet
