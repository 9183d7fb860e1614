// What the plugin's host side calls: kernels by their arguments, on a stream that PyTorch names. No header of CUDA.
// Before it: plugin.cpp (memory). After it: the .cu file of the kernel (launch.cuh).
#pragma once

#include <cstdint>

#include "ops/cuda/nms_kernel.h"

namespace mimdet::cuda {

/// Starts `count` threads of a kernel; 0, or CUDA's number of the error. The .cu files say for which kernels there is one.
template <class Work>
int launch(const Work& work, int64_t count, void* stream);

/// The walk of NMS, by one block of threads.
int launch_walk(const NmsWalk& walk, void* stream);

/// Loads one kernel on the current device: 0, or CUDA's number of the error where none of them can run there.
int try_kernels();

const char* error_text(int error);

}  // namespace mimdet::cuda
