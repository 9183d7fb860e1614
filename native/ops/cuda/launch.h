// What the plugin's host side calls: kernels by their arguments, on a stream that PyTorch names. No header of CUDA.
// Before it: plugin.cpp (memory). After it: the .cu file of the kernel (launch.cuh).
#pragma once

#include <cstdint>

#include "ops/cuda/nms_kernel.h"

namespace mimdet::cuda {

/// Starts `count` threads of a kernel; 0, or CUDA's number of the error. The .cu files say for which kernels there is one.
template <class Work>
int launch(const Work& work, int64_t count, void* stream);

/// The walks of NMS, `first` and those of the other pictures, by one block of threads each.
int launch_walks(const NmsWalk& first, int64_t pictures, void* stream);

/// Loads one kernel on the current device: 0, or CUDA's number of the error where none of them can run there.
int try_kernels();

const char* error_text(int error);

}  // namespace mimdet::cuda
