// The inner loops of the float32 forward pass on a processor with wide vectors: matrix products with packed weights, attention,
// Winograd transforms, a norm with GELU. They are compiled once for each instruction set and chosen when the program runs.
// Before them: ops/linear, ops/conv2d, ops/attention, ops/group_norm_gelu, which cut the work into pieces for the threads. Each function
// here runs on the thread that calls it, trusts its arguments, and gives an element the same bits however the work was cut.
#pragma once

#include <cstdint>

#include "ops/activation.h"

namespace mimdet::cpu {

/// C = act(A · W + bias), or act(C + A · W + bias) if `accumulate`. A: rows × depth. W: packed panels, pack_weight in pack.h. C: rows × columns.
struct MatrixProduct {
  const float* a;
  int64_t a_stride;  // floats from row to row
  const float* weight;
  const float* bias;  // one a column, filled up to whole panels; nullptr for none
  float* c;
  int64_t c_stride;
  int64_t rows, depth, columns;
  Activation activation = Activation::kNone;
  bool accumulate = false;
};

/// Rows [0, rows) of softmax(q · kᵀ · scale) · v of one head.
struct AttentionRows {
  const float* q;
  int64_t q_stride;    // floats from token to token
  const float* keys;    // pack_keys: panels of keys, times scale · log2(e)
  const float* values;  // pack_values: panels of channels
  float* out;
  int64_t out_stride;
  int64_t rows, length, dim;  // queries, keys, channels of a head
  float* scratch;             // attention_scratch floats
};

/// One 4×4 tile of a 3×3 convolution, stride 1: 6×6 pixels in, 36 points in the transformed domain, 4×4 pixels out.
struct WinogradInput {
  const float* pixels[36];  // where the channels of each pixel stand; zeros where the padding is
  float* points;            // of the first point
  int64_t point_stride;     // floats from point to point
  int64_t channels;         // a multiple of `lanes`
};

struct WinogradOutput {
  const float* points;
  int64_t point_stride;
  float* pixels[16];  // nullptr: outside the picture
  const float* bias;  // or nullptr
  int64_t channels;
  bool relu;
};

struct Kernels {
  const char* name;
  int64_t lanes;  // floats in a vector
  int64_t panel;  // columns of a packed panel
  int64_t tile;   // rows that are computed together; a thread's share should be a multiple
  int64_t attention_scratch;

  void (*multiply)(const MatrixProduct&);
  void (*attend)(const AttentionRows&);
  void (*winograd_input)(const WinogradInput&);
  void (*winograd_output)(const WinogradOutput&);
  /// Mean and sum of squared distances from it, of `count` floats.
  void (*moments)(const float* x, int64_t count, double* mean, double* squares);
  /// x = gelu((x - centre) * scale + shift), in place, for `rows` rows of `channels` floats.
  void (*affine_gelu)(float* x, float centre, const float* scale, const float* shift, int64_t rows, int64_t channels);
};

/// The best kernels for this processor, nullptr where there are none. The same for the life of the process.
const Kernels* kernels();
/// Of one instruction set, nullptr where this processor (or this build) lacks it.
const Kernels* avx2_kernels();
const Kernels* avx512_kernels();

inline int64_t round_up(int64_t value, int64_t step) { return (value + step - 1) / step * step; }

}  // namespace mimdet::cpu
