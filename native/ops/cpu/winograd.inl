// Winograd's F(4×4, 3×3) with the points 0, ±√½, ±√2, ∞: of all small ones these lose least to rounding (1.5e-6 for 256 channels, where
// the usual 0, ±1, ±2 lose 3.2e-6 and a direct convolution 0.3e-6). The weights' side is in pack.cpp. See kernels.inl.

constexpr float kRoot = 0.70710678118654752f;  // the points are ±kRoot and ±2 kRoot

/// Six values of a line, to its six points: the rows of Bᵀ.
MIMDET_INLINE void to_points(const Vec (&d)[6], Vec (&v)[6]) {
  const Vec even1 = d[4] - 2.f * d[2], odd1 = kRoot * (d[3] - 2.f * d[1]);
  const Vec even2 = d[4] - 0.5f * d[2], odd2 = (2.f * kRoot) * (d[3] - 0.5f * d[1]);
  v[0] = d[0] - 2.5f * d[2] + d[4];
  v[1] = even1 + odd1;
  v[2] = even1 - odd1;
  v[3] = even2 + odd2;
  v[4] = even2 - odd2;
  v[5] = d[1] - 2.5f * d[3] + d[5];
}

/// Six points of a line, to its four sums: the rows of Aᵀ.
MIMDET_INLINE void from_points(const Vec (&m)[6], Vec (&y)[4]) {
  const Vec sum1 = m[1] + m[2], difference1 = m[1] - m[2], sum2 = m[3] + m[4], difference2 = m[3] - m[4];
  y[0] = m[0] + sum1 + sum2;
  y[1] = kRoot * (difference1 + 2.f * difference2);
  y[2] = 0.5f * sum1 + 2.f * sum2;
  y[3] = kRoot * (0.5f * difference1 + 4.f * difference2) + m[5];
}

MIMDET_KERNEL void winograd_input(const WinogradInput& p) {
  float* to = p.points;
  for (int64_t c = 0; c < p.channels; c += kLanes, to += p.lanes_stride) {
    Vec half[6][6];  // column of the tile, point
    MIMDET_UNROLL
    for (int x = 0; x < 6; ++x) {
      Vec column[6];
      MIMDET_UNROLL
      for (int y = 0; y < 6; ++y) column[y] = load(p.pixels[6 * y + x] + c);
      to_points(column, half[x]);
    }
    MIMDET_UNROLL
    for (int y = 0; y < 6; ++y) {
      const Vec line[6] = {half[0][y], half[1][y], half[2][y], half[3][y], half[4][y], half[5][y]};
      Vec points[6];
      to_points(line, points);
      MIMDET_UNROLL
      for (int x = 0; x < 6; ++x) store(to + (6 * y + x) * p.point_stride, points[x]);
    }
  }
}

MIMDET_KERNEL void winograd_output(const WinogradOutput& p) {
  for (int64_t c = 0; c < p.channels; c += kLanes) {
    Vec half[6][4];  // column of points, row of the tile
    MIMDET_UNROLL
    for (int x = 0; x < 6; ++x) {
      Vec column[6];
      MIMDET_UNROLL
      for (int y = 0; y < 6; ++y) column[y] = load(p.points + (6 * y + x) * p.point_stride + c);
      from_points(column, half[x]);
    }
    const Vec bias = p.bias ? load(p.bias + c) : Vec{};
    MIMDET_UNROLL
    for (int y = 0; y < 4; ++y) {
      const Vec line[6] = {half[0][y], half[1][y], half[2][y], half[3][y], half[4][y], half[5][y]};
      Vec pixels[4];
      from_points(line, pixels);
      MIMDET_UNROLL
      for (int x = 0; x < 4; ++x) {
        float* pixel = p.pixels[4 * y + x];
        if (pixel) store(pixel + c, activated(pixels[x] + bias, p.relu ? Activation::kRelu : Activation::kNone));
      }
    }
  }
}

/// Four sums of a line, to its six points: the columns of A.
MIMDET_INLINE void spread_to_points(const Vec (&y)[4], Vec (&m)[6]) {
  const Vec even1 = y[0] + 0.5f * y[2], odd1 = kRoot * (y[1] + 0.5f * y[3]);
  const Vec even2 = y[0] + 2.f * y[2], odd2 = (2.f * kRoot) * (y[1] + 2.f * y[3]);
  m[0] = y[0];
  m[1] = even1 + odd1;
  m[2] = even1 - odd1;
  m[3] = even2 + odd2;
  m[4] = even2 - odd2;
  m[5] = y[3];
}

MIMDET_KERNEL void winograd_gradient(const WinogradGradient& p) {
  for (int64_t c = 0; c < p.channels; c += kLanes) {
    Vec half[4][6];  // column of the tile, point
    MIMDET_UNROLL
    for (int x = 0; x < 4; ++x) {
      Vec column[4];
      MIMDET_UNROLL
      for (int y = 0; y < 4; ++y) column[y] = load(p.pixels[4 * y + x] + c);
      spread_to_points(column, half[x]);
    }
    MIMDET_UNROLL
    for (int y = 0; y < 6; ++y) {
      const Vec line[4] = {half[0][y], half[1][y], half[2][y], half[3][y]};
      Vec points[6];
      spread_to_points(line, points);
      MIMDET_UNROLL
      for (int x = 0; x < 6; ++x) store(p.points + (6 * y + x) * p.point_stride + c, points[x]);
    }
  }
}
