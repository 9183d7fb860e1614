#include "ops/autograd/patch_gradients.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <vector>

#include "ops/cpu/kernels.h"
#include "ops/cpu/partial_sums.h"
#include "ops/cpu/patches.h"

namespace mimdet::differentiable {

at::Tensor patch_weight_gradient(const float* rows, int64_t count, int64_t out, const at::Tensor& x, int64_t kernel,
                                 const std::function<Corner(int64_t)>& corner) {
  const cpu::Kernels& k = *cpu::kernels();
  const int64_t in = x.size(1), height = x.size(2), width = x.size(3), depth = kernel * kernel * in;
  const float* from = x.const_data_ptr<float>();
  cpu::PartialSums sums((count + kRowsATask - 1) / kRowsATask, out * depth);
  sums.run([&](int64_t begin, int64_t end, float* part) {
    std::vector<float> patches(kRowsATask * depth), scratch(k.transposed_scratch);
    for (int64_t first = begin * kRowsATask; first < std::min(end * kRowsATask, count); first += kRowsATask) {
      const int64_t pixels = std::min(kRowsATask, count - first);
      for (int64_t i = 0; i < pixels; ++i) {
        const Corner at = corner(first + i);
        cpu::lay_out_patch(from + at.picture * height * width * in, height, width, in, at.y, at.x, kernel, patches.data() + i * depth);
      }
      k.multiply_transposed({.a = rows + first * out,
                             .a_stride = out,
                             .b = patches.data(),
                             .b_stride = depth,
                             .c = part,
                             .c_stride = depth,
                             .rows = out,
                             .depth = pixels,
                             .columns = depth,
                             .scratch = scratch.data()});
    }
  });
  at::Tensor dw = at::empty({out, kernel, kernel, in}, x.options().memory_format(at::MemoryFormat::Contiguous));
  std::copy_n(sums.total(), dw.numel(), dw.mutable_data_ptr<float>());
  return dw.permute({0, 3, 1, 2}).contiguous();
}

}  // namespace mimdet::differentiable
