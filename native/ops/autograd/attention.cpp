#include "ops/autograd/attention.h"

#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "ops/attention.h"
#include "ops/autograd/fast_way.h"
#include "ops/cpu/pack.h"
#include "ops/cpu/share.h"

namespace mimdet::differentiable {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kQueries = 96, kKeys = 256;  // of a block; kKeys is a multiple of every panel

/// One head of one picture: where its rows begin, in qkv (stride 3 · heads · dim) and in out (stride heads · dim).
struct Head {
  const float *q, *k, *v, *out, *dout, *log_sums;
  float *dq, *dk, *dv;
  int64_t stride, out_stride, length, dim;
};

struct Scratch {
  std::vector<float> scores, gradients, means, keys, plain_keys, values, transposed;

  Scratch(const cpu::Kernels& k, int64_t length, int64_t dim)
      : scores(kQueries * kKeys),
        gradients(kQueries * kKeys),
        means(length),
        keys(cpu::packed_size(k.panel, kKeys, dim)),
        plain_keys(cpu::packed_size(k.panel, dim, kKeys)),
        values(cpu::packed_size(k.panel, kKeys, dim)),
        transposed(k.transposed_scratch) {}
};

/// Of each query dout · out: what a softmax's gradient is measured from.
void take_means(const Head& h, std::vector<float>& means) {
  for (int64_t i = 0; i < h.length; ++i) {
    double sum = 0;
    for (int64_t c = 0; c < h.dim; ++c) sum += h.dout[i * h.out_stride + c] * h.out[i * h.out_stride + c];
    means[i] = static_cast<float>(sum);
  }
}

/// Queries [query, query + rows) and keys [key, key + keys), whose packed forms are in the scratch.
void block(const cpu::Kernels& k, const Head& h, int64_t query, int64_t rows, int64_t key, int64_t keys, Scratch& s) {
  const float *q = h.q + query * h.stride, *dout = h.dout + query * h.out_stride;
  float *scores = s.scores.data(), *gradients = s.gradients.data();
  const auto product = [&](const float* a, int64_t a_stride, const float* weight, float* c, int64_t c_stride, int64_t depth,
                           int64_t columns, bool add) {
    k.multiply({.a = a,
                .a_stride = a_stride,
                .weight = weight,
                .bias = nullptr,
                .c = c,
                .c_stride = c_stride,
                .rows = rows,
                .depth = depth,
                .columns = columns,
                .accumulate = add});
  };
  const auto outer = [&](const float* a, const float* b, int64_t b_stride, float* c) {
    k.multiply_transposed({.a = a,
                           .a_stride = kKeys,
                           .b = b,
                           .b_stride = b_stride,
                           .c = c,
                           .c_stride = h.stride,
                           .rows = keys,
                           .depth = rows,
                           .columns = h.dim,
                           .scratch = s.transposed.data()});
  };
  const int64_t filled = cpu::round_up(keys, k.panel);  // whole vectors; the keys that are not there have zeros
  product(q, h.stride, s.keys.data(), scores, kKeys, h.dim, filled, false);
  product(dout, h.out_stride, s.values.data(), gradients, kKeys, h.dim, filled, false);
  k.attention_gradient({.scores = scores,
                        .gradients = gradients,
                        .stride = kKeys,
                        .rows = rows,
                        .columns = keys,
                        .log_sums = h.log_sums + query,
                        .means = s.means.data() + query});
  product(gradients, kKeys, s.plain_keys.data(), h.dq + query * h.stride, h.stride, keys, h.dim, true);
  outer(gradients, q, h.stride, h.dk + key * h.stride);
  outer(scores, dout, h.out_stride, h.dv + key * h.stride);
}

void scale_rows(float* rows, const Head& h, float factor) {
  for (int64_t i = 0; i < h.length; ++i)
    for (int64_t c = 0; c < h.dim; ++c) rows[i * h.stride + c] *= factor;
}

void head_gradient(const cpu::Kernels& k, const Head& h, Scratch& s) {
  const double scale = 1 / std::sqrt(static_cast<double>(h.dim));
  take_means(h, s.means);
  for (int64_t key = 0; key < h.length; key += kKeys) {
    const int64_t keys = std::min(kKeys, h.length - key);
    const float* from = h.k + key * h.stride;
    cpu::pack_keys(k.panel, from, h.stride, keys, h.dim, static_cast<float>(1.4426950408889634 * scale), s.keys.data());
    cpu::pack_keys(k.panel, h.v + key * h.stride, h.stride, keys, h.dim, 1.f, s.values.data());
    cpu::pack_values(k.panel, from, h.stride, keys, h.dim, s.plain_keys.data());
    for (int64_t query = 0; query < h.length; query += kQueries)
      block(k, h, query, std::min(kQueries, h.length - query), key, keys, s);
  }
  scale_rows(h.dq, h, static_cast<float>(scale));
  scale_rows(h.dk, h, static_cast<float>(scale));
}

at::Tensor gradient(const at::Tensor& qkv, const at::Tensor& out, const at::Tensor& log_sums, const at::Tensor& dout,
                    int64_t heads) {
  const cpu::Kernels& k = *cpu::kernels();
  const int64_t length = qkv.size(1), dim = out.size(2) / heads, width = heads * dim, stride = 3 * width;
  at::Tensor dqkv = at::zeros_like(qkv);
  const float *from = qkv.const_data_ptr<float>(), *result = out.const_data_ptr<float>(), *dresult = dout.const_data_ptr<float>(),
              *sums = log_sums.const_data_ptr<float>();
  float* to = dqkv.mutable_data_ptr<float>();
  cpu::share(qkv.size(0) * heads, [&](cpu::Pieces& pieces) {
    Scratch scratch(k, length, dim);
    for (int64_t i; pieces.take(i);) {
      const int64_t at = i / heads * length * stride + i % heads * dim, at_out = i / heads * length * width + i % heads * dim;
      head_gradient(k,
                    {from + at, from + at + width, from + at + 2 * width, result + at_out, dresult + at_out, sums + i * length,
                     to + at, to + at + width, to + at + 2 * width, stride, width, length, dim},
                    scratch);
    }
  });
  return dqkv;
}

class Attention : public torch::autograd::Function<Attention> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& qkv, int64_t heads) {
    const at::Tensor rows = qkv.contiguous();
    at::Tensor log_sums;
    at::Tensor out = mimdet::attention(rows, heads, &log_sums);
    context->saved_data["heads"] = heads;
    context->save_for_backward({rows, out, log_sums});
    return out;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    return {gradient(saved[0], saved[1], saved[2], gradients[0].contiguous(), context->saved_data["heads"].toInt()),
            at::Tensor()};
  }
};

}  // namespace

at::Tensor attention(const at::Tensor& qkv, int64_t heads) {
  if (!has_fast_way(qkv, qkv) || qkv.numel() == 0) return attention_composite(qkv, heads);
  return Attention::apply(qkv, heads);
}

}  // namespace mimdet::differentiable
