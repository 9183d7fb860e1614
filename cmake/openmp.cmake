# at::parallel_for needs OpenMP's pragmas, and must share LibTorch's own OpenMP runtime, so that one setting of threads holds for both.
# The addon therefore links none: its calls find the runtime that libtorch_cpu brings, under whatever name (libgomp.so.1, libgomp-a34b3233.so.1).
# A program needs one at link time.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(MIMDET_OPENMP -fopenmp)
  set(MIMDET_OPENMP_OF_PROGRAMS "$<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:gomp>")
endif()
