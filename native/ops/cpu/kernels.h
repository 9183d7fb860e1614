// The inner loops of the float32 passes on a processor with wide vectors: matrix products with packed weights, attention,
// Winograd transforms, norms with an activation. They are compiled once for each instruction set and chosen when the program
// runs. Before them: ops/linear, ops/conv2d, ops/attention, ops/group_norm_gelu, ops/autograd, which cut the work into pieces for
// the threads. Each function here runs on the thread that calls it, trusts its arguments, and gives an element the same bits
// however the work was cut.
#pragma once

#include <cstdint>

#include "ops/activation.h"
#include "ops/cpu/laid_out_rows.h"

namespace mimdet::cpu {

/// C = act(A · W + bias), or act(C + A · W + bias) if `accumulate`. A: rows × depth. W: packed panels, pack_weight in pack.h.
/// C: rows × columns.
struct MatrixProduct {
  const float* a;
  int64_t a_stride;  // floats from row to row
  const float* weight = nullptr;
  const float* bias;  // one a column, filled up to whole panels; nullptr for none
  float* c;
  int64_t c_stride;
  int64_t rows, depth = 0, columns = 0;
  Activation activation = Activation::kNone;
  bool accumulate = false;
  /// A's rows are (rows / tile, depth / lanes, tile, lanes) instead, filled up to whole tiles; `depth` is a multiple of `lanes`.
  bool laid_out = false;
};

/// Rows [0, rows) of softmax(q · kᵀ · scale) · v of one head.
struct AttentionRows {
  const float* q;
  int64_t q_stride;    // floats from token to token
  const float* keys;    // pack_keys: panels of attention_tile keys, times scale · log2(e)
  const float* values;  // pack_values: panels of attention_tile channels
  float* out;
  int64_t out_stride;
  int64_t rows, length, dim;  // queries, keys, channels of a head
  float* scratch;             // attention_scratch(dim) floats
  float* log_sums = nullptr;  // (rows): log2 of the sum of 2^score of each query, for the gradient; nullptr where none is wanted
};

/// scores = 2^(scores - log_sum), the weights again; gradients = scores · (gradients - mean), of the scores.
/// Both (rows, columns), `stride` apart.
struct AttentionGradientRows {
  float *scores, *gradients;
  int64_t stride, rows, columns;
  const float *log_sums, *means;  // (rows)
};

/// C += Aᵀ · B: a gradient of weights. A: depth × rows, B: depth × columns, C: rows × columns, each with floats from row to row.
struct TransposedProduct {
  const float* a;
  int64_t a_stride;
  const float* b;
  int64_t b_stride;
  float* c;
  int64_t c_stride;
  int64_t rows, depth, columns;
  float* scratch;  // transposed_scratch floats
};

/// One 4×4 tile of a 3×3 convolution, stride 1: 6×6 pixels in, 36 points in the transformed domain, 4×4 pixels out.
struct WinogradInput {
  const float* pixels[36];  // where the channels of each pixel stand; zeros where the padding is
  float* points;            // of the first point
  int64_t point_stride;     // floats from point to point
  int64_t lanes_stride;     // floats from `lanes` channels to the next ones of a point
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

/// The adjoint of WinogradOutput: 4×4 pixels of a gradient to 36 points.
struct WinogradGradient {
  const float* pixels[16];  // zeros outside the picture
  float* points;
  int64_t point_stride;
  int64_t channels;
};

/// act((x - centre) · scale + shift) for rows of channels: a norm whose statistics are known. centre, scale, shift: (channels).
struct NormRows {
  const float* x;
  int64_t rows, channels;
  const float *centre, *scale, *shift;
  Activation activation;
};

struct Kernels {
  const char* name;
  int64_t lanes;  // floats in a vector
  int64_t panel;  // columns of a packed panel
  int64_t tile;   // rows that are computed together; a thread's share should be a multiple
  int64_t attention_tile;  // keys, and channels of values, of a panel
  int64_t transposed_scratch;

  void (*multiply)(const MatrixProduct&);
  void (*multiply_transposed)(const TransposedProduct&);
  int64_t (*attention_scratch)(int64_t dim);
  void (*attend)(const AttentionRows&);
  void (*attention_gradient)(const AttentionGradientRows&);
  void (*winograd_input)(const WinogradInput&);
  void (*winograd_output)(const WinogradOutput&);
  void (*winograd_gradient)(const WinogradGradient&);
  /// Mean and sum of squared distances from it, of `count` floats.
  void (*moments)(const float* x, int64_t count, double* mean, double* squares);
  /// x = gelu((x - centre) * scale + shift), in place, for `rows` rows of `channels` floats.
  void (*affine_gelu)(float* x, float centre, const float* scale, const float* shift, int64_t rows, int64_t channels);
  /// Of each column of at most a few hundred rows: the mean, and the sum of squared distances from it.
  void (*column_moments)(const float* x, int64_t rows, int64_t channels, float* means, float* squares);
  void (*normalize)(const NormRows&, float* y);
  /// g = dy · act'; of each column the sum of g and of g · (x - centre). `g` may be `dy`, or nullptr.
  void (*norm_gradient)(const NormRows&, const float* dy, float* g, float* sums, float* products);
  /// g = on_gradient · g + on_distance · (x - centre) + offset, in place; all three (channels).
  void (*norm_gradient_to_input)(const NormRows&, float* g, const float* on_gradient, const float* on_distance,
                                 const float* offset);
  void (*gelu)(const float* x, float* y, int64_t count);
  /// dx = dy · gelu'(x). `dx` may be `dy`.
  void (*gelu_gradient)(const float* x, const float* dy, float* dx, int64_t count);
};

/// The best kernels for this processor, nullptr where there are none. The same for the life of the process.
const Kernels* kernels();
/// Of one instruction set, nullptr where this processor (or this build) lacks it.
const Kernels* avx2_kernels();
const Kernels* avx512_kernels();

inline int64_t round_up(int64_t value, int64_t step) { return (value + step - 1) / step * step; }

}  // namespace mimdet::cpu
