// How a kernel of one thread a number is started: blocks of 256, each thread taking every so-manieth number where there are more.
#pragma once

#include "ops/cuda/launch.h"

namespace mimdet::cuda {

constexpr int64_t kThreads = 256, kMostBlocks = 1 << 20;

template <class Work>
__global__ void run_threads(Work work, int64_t count) {
  const int64_t stride = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t index = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; index < count; index += stride) work(index);
}

template <class Work>
int launch(const Work& work, int64_t count, void* stream) {
  if (count == 0) return cudaSuccess;
  const int64_t blocks = (count + kThreads - 1) / kThreads;
  run_threads<<<static_cast<unsigned>(blocks < kMostBlocks ? blocks : kMostBlocks), static_cast<unsigned>(kThreads), 0,
                static_cast<cudaStream_t>(stream)>>>(work, count);
  return cudaGetLastError();
}

}  // namespace mimdet::cuda
