// The AVX2 form of resize_rows.h, where the compiler can make one.
#pragma once

#include "image/resize_rows.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define MIMDET_ROWS_AVX2 1

namespace mimdet {

/// Only to be called where the processor has AVX2.
const RowKernels& avx2_row_kernels();

}  // namespace mimdet
#endif
