// Which device and precision a wish stands for on this machine, and what is missing where it cannot be met.
// Before it: detector (load). After it: model/mask_rcnn, which takes both as they are.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <string>
#include <vector>

namespace mimdet {

/// Opens the CUDA half of LibTorch where there is one. LibTorch looks for it once and then remembers the answer for ever, so this
/// must come before anything else asks; later calls do nothing.
void open_cuda_library();

/// "cpu", "cuda:0", …
std::vector<std::string> device_names();

/// Why a GPU runs LibTorch's forms of our operators instead of our kernels; empty where the kernels are there.
const std::string& cuda_kernels_problem();

/// `wish`: "auto" (a GPU where there is one), "cpu", "cuda" or "cuda:N". A GPU comes with our kernels
/// loaded where they can run on it, and computes in float32 with all of its digits. Error(kDevice) saying what is missing, Error(kInvalidArgument) for any other text.
at::Device resolve_device(const std::string& wish);

/// `wish`: "auto" (float32 on the CPU, bfloat16 on a GPU, float16 on one older than Ampere), "float32", "bfloat16", "float16", or "int8" (kChar: the weights of linear layers on the
/// CPU). Error(kDevice) where the processor has no instructions for it.
at::ScalarType resolve_precision(const std::string& wish, at::Device device);

std::string precision_name(at::ScalarType dtype);

}  // namespace mimdet
