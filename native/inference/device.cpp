#include "inference/device.h"

#include <ATen/Context.h>
#include <ATen/DeviceAccelerator.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/DeviceGuard.h>
#include <dlfcn.h>

#include <charconv>
#include <filesystem>
#include <mutex>

#include "base/error.h"
#include "ops/int8_product.h"

namespace mimdet {
namespace {

std::string cuda_problem;  // why the CUDA half is not open, for a person; written once, under the flag below
std::once_flag cuda_opened;

/// Where the library lies that has this function.
std::filesystem::path folder_with(const void* function) {
  Dl_info library{};
  dladdr(function, &library);
  return std::filesystem::path(library.dli_fname ? library.dli_fname : "").parent_path();
}

std::string opening_error(const std::filesystem::path& library) {
  const char* reason = dlerror();
  return reason ? reason : library.string();
}

void open_cuda_library_once() {
  const std::filesystem::path library = folder_with(reinterpret_cast<const void*>(&at::getAccelerator)) / "libtorch_cuda.so";
  std::error_code ignored;
  if (!std::filesystem::exists(library, ignored)) {
    cuda_problem = "its LibTorch is one for the CPU alone (`npx mimdet setup --cuda` installs one with CUDA)";
  } else if (!dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL)) {  // lazy binding would end the process at a missing symbol
    cuda_problem = "LibTorch's CUDA half cannot be opened: " + opening_error(library);
  }
}

int64_t gpu_count() {
  open_cuda_library();
  if (!cuda_problem.empty() || at::getAccelerator() != at::kCUDA) return 0;
  return at::accelerator::deviceCount();
}

bool has_driver() {
  void* driver = dlopen("libcuda.so.1", RTLD_NOW);
  if (driver) dlclose(driver);
  return driver != nullptr;
}

/// Which of the two is missing, the driver or a LibTorch with CUDA, or that both are.
std::string why_no_gpu() {
  open_cuda_library();
  const std::string driver = has_driver() ? "" : "it has no NVIDIA driver (libcuda.so.1)";
  const std::string libtorch =
      cuda_problem.empty() && at::getAccelerator() != at::kCUDA ? "its LibTorch has no CUDA" : cuda_problem;
  if (driver.empty() && libtorch.empty()) return "its NVIDIA driver shows no GPU";
  return driver + (driver.empty() || libtorch.empty() ? "" : ", and ") + libtorch;
}

/// The plugin with our kernels (ops/cuda) lies beside this library. Only where there is a GPU, and after LibTorch's CUDA half. Another copy
/// of this package may have filled the operators already.
/// @returns why LibTorch's forms of the operators have to do; empty where they have not
std::string open_cuda_kernels() {
  const auto nms = c10::Dispatcher::singleton().findSchema({"mimdet::nms_survivors", ""});
  if (nms && nms->hasKernelForDispatchKey(c10::DispatchKey::CUDA)) return {};
  const std::filesystem::path plugin = folder_with(reinterpret_cast<const void*>(&open_cuda_library)) / "mimdet_cuda.so";
  std::error_code ignored;
  if (!std::filesystem::exists(plugin, ignored)) return "they were not built: there was no nvcc";
  void* const library = dlopen(plugin.c_str(), RTLD_NOW);
  if (!library) return opening_error(plugin);
  const auto fill_in = reinterpret_cast<const char* (*)()>(dlsym(library, "mimdet_cuda_fill_in"));
  if (!fill_in) return opening_error(plugin);
  const char* const reason = fill_in();
  return reason ? reason : "";
}

/// In float32 there are no products of TensorFloat32, whose results have three digits: who wants speed asks for bfloat16.
at::Device open_gpu(int64_t index) {
  cuda_kernels_problem();
  at::globalContext().setAllowTF32CuDNN(false);
  return at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(index));
}

/// N of "cuda:N", 0 of "cuda", -1 for any other text.
int64_t gpu_index(std::string_view wish) {
  if (wish == "cuda") return 0;
  if (!wish.starts_with("cuda:")) return -1;
  int64_t index = -1;
  const std::string_view digits = wish.substr(5);
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), index);
  return error == std::errc() && end == digits.end() ? index : -1;
}

bool processor_supports(at::ScalarType dtype) {
  if (dtype == at::kChar) return Int8Product::supported();
  const char* question = dtype == at::kBFloat16 ? "mkldnn::_is_mkldnn_bf16_supported" : "mkldnn::_is_mkldnn_fp16_supported";
  const auto schema = c10::Dispatcher::singleton().findSchema({question, ""});
  return schema && schema->typed<bool()>().call();
}

/// GPUs before Ampere have fast products in float16 alone.
at::ScalarType best_precision_of_gpu(at::Device device) {
  const c10::DeviceGuard on_device(device);
  return at::detail::getCUDAHooks().supportsBFloat16ConvolutionWithCuDNNv8() ? at::kBFloat16 : at::kHalf;
}

}  // namespace

void open_cuda_library() { std::call_once(cuda_opened, open_cuda_library_once); }

const std::string& cuda_kernels_problem() {
  static const std::string problem = gpu_count() > 0 ? open_cuda_kernels() : "there is no GPU";
  return problem;
}

std::vector<std::string> device_names() {
  std::vector<std::string> names = {"cpu"};
  const int64_t gpus = gpu_count();
  for (int64_t i = 0; i < gpus; ++i) names.push_back("cuda:" + std::to_string(i));
  return names;
}

at::Device resolve_device(const std::string& wish) {
  if (wish == "cpu") return at::kCPU;
  if (wish == "auto") return gpu_count() > 0 ? open_gpu(0) : at::Device(at::kCPU);
  const int64_t index = gpu_index(wish);
  const std::string quoted = "'" + wish + "'";
  if (index < 0) fail_expected(ErrorCode::kInvalidArgument, "'auto', 'cpu', 'cuda' or 'cuda:N'", "device", quoted);
  const int64_t gpus = gpu_count();
  if (gpus == 0) fail_expected(ErrorCode::kDevice, "a machine with a GPU", "device", quoted + " on one where " + why_no_gpu());
  if (index >= gpus)
    fail_expected(ErrorCode::kDevice, "one of " + std::to_string(gpus) + " GPUs, counted from 0,", "device", quoted);
  return open_gpu(index);
}

at::ScalarType resolve_precision(const std::string& wish, at::Device device) {
  if (wish == "float32") return at::kFloat;
  if (wish == "auto") return device.is_cuda() ? best_precision_of_gpu(device) : at::kFloat;
  if (wish != "bfloat16" && wish != "float16" && wish != "int8")
    fail_expected(ErrorCode::kInvalidArgument, "'auto', 'float32', 'bfloat16', 'float16' or 'int8'", "precision", "'" + wish + "'");
  const at::ScalarType dtype = wish == "bfloat16" ? at::kBFloat16 : wish == "float16" ? at::kHalf : at::kChar;
  if (device.is_cuda() && dtype == at::kChar)
    fail_expected(ErrorCode::kDevice, "'auto', 'float32', 'bfloat16' or 'float16' on a GPU", "precision", "'int8', which is the CPU's");
  if (device.is_cpu() && !processor_supports(dtype))
    fail_expected(ErrorCode::kDevice, "'float32' or 'auto'", "precision",
                  "'" + wish + "' on a processor without instructions for it, where it is no quicker than float32");
  return dtype;
}

std::string precision_name(at::ScalarType dtype) {
  if (dtype == at::kBFloat16) return "bfloat16";
  if (dtype == at::kChar) return "int8";
  return dtype == at::kHalf ? "float16" : "float32";
}

}  // namespace mimdet
