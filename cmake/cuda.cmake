# Our kernels for CUDA (native/ops/cuda) are built where there is an nvcc that works; else they are left out, and the build says so.
# MIMDET_CUDA is ON afterwards where they are built.
option(MIMDET_CUDA_KERNELS "Build the kernels for CUDA where there is an nvcc" ON)
set(MIMDET_CUDA OFF)
if(MIMDET_CUDA_KERNELS)
  set(CMAKE_CUDA_ARCHITECTURES 90)  # before the compiler is tried; the target names its own
  include(CheckLanguage)
  check_language(CUDA)
  if(CMAKE_CUDA_COMPILER)
    enable_language(CUDA)
    set(MIMDET_CUDA ON)
  endif()
endif()
if(NOT MIMDET_CUDA)
  message(STATUS "Kernels for CUDA: left out, no nvcc that works")
  file(REMOVE "${CMAKE_LIBRARY_OUTPUT_DIRECTORY}/mimdet_cuda.so")  # of an earlier build
endif()
