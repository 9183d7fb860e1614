// Starts of nms_kernel.h, and the walk's block of threads for each picture.
#include "ops/cuda/nms_kernel.h"

#include "ops/cuda/launch.cuh"

namespace mimdet::cuda {
namespace {

constexpr unsigned kWalkers = 512;

__global__ void walk_groups(NmsWalk first) {
  const NmsWalk walk = first.of(blockIdx.x);
  __shared__ uint64_t within[kGroup];
  __shared__ uint64_t stays;
  for (int64_t group = 0; group < walk.groups(); ++group) {
    if (threadIdx.x < kGroup) within[threadIdx.x] = walk.load(group, threadIdx.x);
    __syncthreads();
    if (threadIdx.x == 0) stays = walk.resolve(group, within);
    __syncthreads();
    for (int64_t word = walk.word_of(group) + 1 + threadIdx.x; word < walk.words; word += kWalkers)
      walk.spread(group, stays, word);
    __syncthreads();  // the next group reads what was spread
  }
}

}  // namespace

template int launch(const NmsOverlaps<float>&, int64_t, void*);
template int launch(const NmsOverlaps<double>&, int64_t, void*);
template int launch(const NmsSurvivors&, int64_t, void*);

int launch_walks(const NmsWalk& first, int64_t pictures, void* stream) {
  walk_groups<<<static_cast<unsigned>(pictures), kWalkers, 0, static_cast<cudaStream_t>(stream)>>>(first);
  return cudaGetLastError();
}

int try_kernels() {
  cudaFuncAttributes attributes;
  const cudaError_t error = cudaFuncGetAttributes(&attributes, walk_groups);
  if (error != cudaSuccess) (void)cudaGetLastError();  // told once, not again by the next start
  return error;
}

const char* error_text(int error) { return cudaGetErrorString(static_cast<cudaError_t>(error)); }

}  // namespace mimdet::cuda
