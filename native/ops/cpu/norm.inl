// The two passes of a GroupNorm with GELU. See kernels.inl.

/// Of a piece that stays in the first cache, so that the second pass over it costs no memory traffic.
MIMDET_KERNEL void moments(const float* x, int64_t count, double* mean, double* squares) {
  Vec sums = {};
  double sum = 0;
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) sums += load(x + i);
  for (int64_t k = i; k < count; ++k) sum += x[k];
  for (int lane = 0; lane < kLanes; ++lane) sum += sums[lane];
  *mean = sum / count;

  const float centre = static_cast<float>(*mean);
  Vec distances = {};
  double rest = 0;
  for (i = 0; i + kLanes <= count; i += kLanes) {
    const Vec distance = load(x + i) - centre;
    distances += distance * distance;
  }
  for (; i < count; ++i) rest += (x[i] - centre) * (x[i] - centre);
  for (int lane = 0; lane < kLanes; ++lane) rest += distances[lane];
  const double shift = *mean - centre;  // the centre was rounded
  *squares = rest - shift * shift * count;
}

MIMDET_KERNEL void affine_gelu_row(const float* x, const float* scale, const float* shift, float* y, int64_t channels) {
  int64_t c = 0;
  for (; c + kLanes <= channels; c += kLanes) store(y + c, gelu_of(load(x + c) * load(scale + c) + load(shift + c)));
  for (; c < channels; ++c) y[c] = gelu_of(spread(x[c]) * scale[c] + shift[c])[0];
}

MIMDET_KERNEL void affine_gelu(const float* x, const float* scale, const float* shift, float* y, int64_t rows, int64_t channels) {
  for (int64_t row = 0; row < rows; ++row) affine_gelu_row(x + row * channels, scale, shift, y + row * channels, channels);
}
