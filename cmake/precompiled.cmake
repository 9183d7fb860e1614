# mimdet_precompile(target): LibTorch's headers are read once a target. ccache needs to be told that this is meant.
set(MIMDET_PRECOMPILED "${CMAKE_CURRENT_SOURCE_DIR}/native/precompiled.h")
function(mimdet_precompile target)
  target_precompile_headers(${target} PRIVATE "$<$<COMPILE_LANGUAGE:CXX>:${MIMDET_PRECOMPILED}>")
endfunction()
