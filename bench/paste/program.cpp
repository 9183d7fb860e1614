// mimdet_bench_paste IN OUT THREADS: pastes the masks of IN once a line; OUT gets the compressed counts, one mask a line.
// IN: int64 masks, cells, height, width; float32 probabilities; float32 boxes.
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <c10/core/InferenceMode.h>

#include <cstdlib>
#include <fstream>
#include <vector>

#include "one_run_a_line.h"
#include "ops/paste_masks.h"

namespace {

at::Tensor read_tensor(std::ifstream& file, at::IntArrayRef shape) {
  at::Tensor tensor = at::empty(shape, at::kFloat);
  file.read(static_cast<char*>(tensor.data_ptr()), static_cast<std::streamsize>(tensor.nbytes()));
  return tensor;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) return 2;
  const c10::InferenceMode no_gradients;
  at::set_num_threads(std::atoi(arguments[3]));
  std::ifstream file(arguments[1], std::ios::binary);
  int64_t header[4];  // masks, cells, height, width
  file.read(reinterpret_cast<char*>(header), sizeof header);
  const at::Tensor probabilities = read_tensor(file, {header[0], header[1], header[1]}),
                   boxes = read_tensor(file, {header[0], 4});
  std::vector<std::string> coded;
  const auto paste = [&] {
    coded.clear();
    for (const mimdet::RleMask& mask : mimdet::paste_masks(probabilities, boxes, {header[2], header[3]}))
      coded.push_back(rle_to_string(mask));
  };
  paste();
  std::ofstream out(arguments[2]);
  for (const std::string& counts : coded) out << counts << '\n';
  out.close();
  mimdet::bench::one_run_a_line(paste);
}
