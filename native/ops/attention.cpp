#include "ops/attention.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/scaled_dot_product_attention.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "ops/cpu/attention_tiles.h"
#include "ops/cpu/pack.h"
#include "ops/cpu/share.h"
#include "ops/linear.h"

namespace mimdet {
namespace {

using cpu::Bfloat16Bits;

constexpr int64_t kQueriesATask = 96;  // one block of attention.inl: small, so that threads get equal shares of 3 heads with 576 tokens too

/// A block of the queries of one head.
struct Block {
  int64_t head;       // of all heads of all pictures
  int64_t row, rows;  // the first query, and how many
  int64_t query, out;  // where the first one begins in qkv, and its result
};

struct Shape {
  int64_t batch, length, heads, dim;

  int64_t all_heads() const { return batch * heads; }
  int64_t stride() const { return 3 * heads * dim; }  // numbers from token to token in qkv
  int64_t out_stride() const { return heads * dim; }
  /// Where the first key of head `i` of all_heads begins in qkv; its values stand out_stride behind its keys.
  int64_t keys_of(int64_t i) const { return i / heads * length * stride() + (heads + i % heads) * dim; }

  int64_t blocks(int64_t rows) const { return all_heads() * blocks_of_a_head(rows); }
  Block block(int64_t i, int64_t rows) const {
    const int64_t head = i / blocks_of_a_head(rows), row = i % blocks_of_a_head(rows) * rows;
    const int64_t token = head / heads * length + row, channel = head % heads * dim;
    return {head, row, std::min(rows, length - row), token * stride() + channel, token * out_stride() + channel};
  }

 private:
  int64_t blocks_of_a_head(int64_t rows) const { return (length + rows - 1) / rows; }
};

/// Keys and values of all heads, as the kernels read them.
struct PackedHeads {
  at::Tensor keys, values;        // (B · heads, key_size), (B · heads, value_size)
  int64_t key_size, value_size;
};

PackedHeads pack_heads(const cpu::Kernels& k, const float* qkv, const Shape& s, const at::TensorOptions& options) {
  PackedHeads packed{{}, {}, cpu::packed_size(k.attention_tile, s.length, s.dim), cpu::packed_size(k.attention_tile, s.dim, s.length)};
  packed.keys = at::empty({s.all_heads(), packed.key_size}, options);
  packed.values = at::empty({s.all_heads(), packed.value_size}, options);
  float* keys = packed.keys.mutable_data_ptr<float>();
  float* values = packed.values.mutable_data_ptr<float>();
  const float factor = static_cast<float>(1.4426950408889634 / std::sqrt(static_cast<double>(s.dim)));  // the kernel's exponentials have base 2
  cpu::share(s.all_heads(), [&](cpu::Pieces& pieces) {
    for (int64_t i; pieces.take(i);) {
      const float* k_of_head = qkv + s.keys_of(i);
      cpu::pack_keys(k.attention_tile, k_of_head, s.stride(), s.length, s.dim, factor, keys + i * packed.key_size);
      cpu::pack_values(k.attention_tile, k_of_head + s.out_stride(), s.stride(), s.length, s.dim, values + i * packed.value_size);
    }
  });
  return packed;
}

void attend_all(const cpu::Kernels& k, const float* qkv, const PackedHeads& packed, float* out, float* log_sums, const Shape& s) {
  const float* keys = packed.keys.const_data_ptr<float>();
  const float* values = packed.values.const_data_ptr<float>();
  cpu::share(s.blocks(kQueriesATask), [&](cpu::Pieces& pieces) {
    const at::Tensor scratch = at::empty({k.attention_scratch(s.dim)}, packed.keys.options());
    for (int64_t i; pieces.take(i);) {
      const Block block = s.block(i, kQueriesATask);
      k.attend({.q = qkv + block.query,
                .q_stride = s.stride(),
                .keys = keys + block.head * packed.key_size,
                .values = values + block.head * packed.value_size,
                .out = out + block.out,
                .out_stride = s.out_stride(),
                .rows = block.rows,
                .length = s.length,
                .dim = s.dim,
                .scratch = scratch.mutable_data_ptr<float>(),
                .log_sums = log_sums ? log_sums + block.head * s.length + block.row : nullptr});
    }
  });
}

/// Keys and values of all heads in tiles, keys first.
at::Tensor tiled_heads(const at::Tensor& qkv, const Shape& s) {
  const int64_t size = cpu::tiled_size(s.length, s.dim);
  at::Tensor tiled = at::empty({2, s.all_heads(), size}, qkv.options());
  const auto* from = static_cast<const Bfloat16Bits*>(qkv.const_data_ptr());
  auto* keys = static_cast<Bfloat16Bits*>(tiled.mutable_data_ptr());
  Bfloat16Bits* values = keys + s.all_heads() * size;
  cpu::share(s.all_heads(), [&](cpu::Pieces& pieces) {
    for (int64_t i; pieces.take(i);) {
      const Bfloat16Bits* k_of_head = from + s.keys_of(i);
      cpu::pack_keys_in_tiles(k_of_head, s.stride(), s.length, s.dim, keys + i * size);
      cpu::pack_values_in_tiles(k_of_head + s.out_stride(), s.stride(), s.length, s.dim, values + i * size);
    }
  });
  return tiled;
}

void attend_all_in_tiles(const at::Tensor& qkv, at::Tensor& out, const Shape& s) {
  const at::Tensor tiled = tiled_heads(qkv, s);
  const int64_t size = tiled.size(2);
  const auto* from = static_cast<const Bfloat16Bits*>(qkv.const_data_ptr());
  const auto* keys = static_cast<const Bfloat16Bits*>(tiled.const_data_ptr());
  const Bfloat16Bits* values = keys + s.all_heads() * size;
  auto* to = static_cast<Bfloat16Bits*>(out.mutable_data_ptr());
  cpu::share(s.blocks(cpu::kTiledQueries), [&](cpu::Pieces& pieces) {
    for (int64_t i; pieces.take(i);) {
      const Block block = s.block(i, cpu::kTiledQueries);
      cpu::attend_in_tiles({.q = from + block.query,
                            .q_stride = s.stride(),
                            .keys = keys + block.head * size,
                            .values = values + block.head * size,
                            .out = to + block.out,
                            .out_stride = s.out_stride(),
                            .rows = block.rows,
                            .length = s.length,
                            .dim = s.dim});
    }
  });
}

bool served_by_tiles(const at::Tensor& qkv, const Shape& s) {
  return qkv.device().is_cpu() && qkv.scalar_type() == at::kBFloat16 && cpu::fits_matrix_tiles(s.dim) && cpu::has_matrix_tiles();
}

}  // namespace

at::Tensor attention(const at::Tensor& qkv, int64_t heads, at::Tensor* log_sums) {
  if (qkv.dim() != 3 || qkv.size(2) % (3 * heads) != 0) fail(ErrorCode::kInternal, "Expected (B, L, 3 · heads · d) for `qkv`");
  const Shape s{qkv.size(0), qkv.size(1), heads, qkv.size(2) / (3 * heads)};
  const bool tiles = served_by_tiles(qkv, s);
  if (!tiles && !has_fast_kernels(qkv)) return attention_composite(qkv, heads);
  at::Tensor out = at::empty({s.batch, s.length, heads * s.dim}, qkv.options());
  if (tiles) {
    if (out.numel() > 0) attend_all_in_tiles(qkv.contiguous(), out, s);
    return out;
  }
  if (log_sums) *log_sums = at::empty({s.batch, heads, s.length}, qkv.options());
  if (out.numel() == 0) return out;
  const at::Tensor rows = qkv.contiguous();
  const cpu::Kernels& k = *cpu::kernels();
  const float* from = rows.const_data_ptr<float>();
  attend_all(k, from, pack_heads(k, from, s, qkv.options()), out.mutable_data_ptr<float>(), log_sums ? log_sums->mutable_data_ptr<float>() : nullptr, s);
  return out;
}

at::Tensor attention_composite(const at::Tensor& qkv, int64_t heads) {
  const int64_t batch = qkv.size(0), length = qkv.size(1), width = qkv.size(2) / 3;
  const auto parts = qkv.view({batch, length, 3, heads, width / heads}).permute({2, 0, 3, 1, 4}).unbind(0);
  const at::Tensor mixed = at::scaled_dot_product_attention(parts[0], parts[1], parts[2]);  // (B, heads, L, d)
  return mixed.transpose(1, 2).reshape({batch, length, width});
}

}  // namespace mimdet
