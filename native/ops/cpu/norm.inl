// The two passes of a GroupNorm with GELU. See kernels.inl.

/// Sum of x - centre, or of its square, over a piece that stays in the first cache. Sums of sums: one long sum in float32 would lose the
/// digits that a gradient's small parts live on.
MIMDET_INLINE double sum_of_distances(const float* x, int64_t count, float centre, bool squared) {
  constexpr int64_t kShort = 16 * kLanes;
  Vec sums = {};
  int64_t i = 0;
  while (i + kLanes <= count) {
    Vec part = {};
    for (const int64_t end = i + kShort < count ? i + kShort : count; i + kLanes <= end; i += kLanes) {
      const Vec distance = load(x + i) - centre;
      part += squared ? distance * distance : distance;
    }
    sums += part;
  }
  double sum = 0;
  for (; i < count; ++i) sum += squared ? (x[i] - centre) * (x[i] - centre) : x[i] - centre;
  for (int lane = 0; lane < kLanes; ++lane) sum += sums[lane];
  return sum;
}

/// Distances from a number of the piece itself first: sums of what is far from zero would lose digits.
MIMDET_KERNEL void moments(const float* x, int64_t count, double* mean, double* squares) {
  *mean = x[0] + sum_of_distances(x, count, x[0], false) / count;
  const float centre = static_cast<float>(*mean);
  const double shift = *mean - centre;  // the centre was rounded
  *squares = sum_of_distances(x, count, centre, true) - shift * shift * count;
}

MIMDET_KERNEL void affine_gelu_row(float* x, float centre, const float* scale, const float* shift, int64_t channels) {
  int64_t c = 0;
  for (; c + kLanes <= channels; c += kLanes) store(x + c, gelu_of((load(x + c) - centre) * load(scale + c) + load(shift + c)));
  for (; c < channels; ++c) x[c] = gelu_of(spread((x[c] - centre) * scale[c] + shift[c]))[0];
}

MIMDET_KERNEL void affine_gelu(float* x, float centre, const float* scale, const float* shift, int64_t rows, int64_t channels) {
  for (int64_t row = 0; row < rows; ++row) affine_gelu_row(x + row * channels, centre, scale, shift, channels);
}
