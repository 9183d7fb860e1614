# LibTorch as two imported libraries. find_package(Torch) would add libtorch.so, Python's and CUDA's needs.
# Which LibTorch is decided outside (lib/libtorch.ts), never guessed here.
if(NOT EXISTS "${MIMDET_LIBTORCH}/lib/libtorch_cpu.so")
  message(FATAL_ERROR "Expected a folder with lib/libtorch_cpu.so for MIMDET_LIBTORCH but received '${MIMDET_LIBTORCH}'. `npx mimdet setup` installs one.")
endif()
file(STRINGS "${MIMDET_LIBTORCH}/include/torch/headeronly/version.h" version_lines REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH)")
string(REGEX MATCHALL "[0-9]+" version_numbers "${version_lines}")
list(JOIN version_numbers "." MIMDET_LIBTORCH_VERSION)
message(STATUS "LibTorch ${MIMDET_LIBTORCH_VERSION} in ${MIMDET_LIBTORCH}")

foreach(library c10 torch_cpu)
  add_library(${library} SHARED IMPORTED)
  set_target_properties(${library} PROPERTIES
    IMPORTED_LOCATION "${MIMDET_LIBTORCH}/lib/lib${library}.so"
    INTERFACE_INCLUDE_DIRECTORIES "${MIMDET_LIBTORCH}/include"
    INTERFACE_COMPILE_DEFINITIONS "AT_PER_OPERATOR_HEADERS")
endforeach()
set(CMAKE_BUILD_RPATH "${MIMDET_LIBTORCH}/lib")
