// Norms of rows of channels with statistics of their own for each channel, their gradients, and GELU's. See kernels.inl.

/// `count` of a vector's floats, zeros for the others.
MIMDET_INLINE Vec load_some(const float* from, int64_t count) {
  Vec v = {};
  for (int i = 0; i < kLanes; ++i)
    if (i < count) v[i] = from[i];
  return v;
}

MIMDET_INLINE void store_some(float* to, Vec v, int64_t count) {
  for (int i = 0; i < kLanes; ++i)
    if (i < count) to[i] = v[i];
}

MIMDET_INLINE Vec load_up_to(const float* from, int64_t count) { return count < kLanes ? load_some(from, count) : load(from); }

MIMDET_INLINE void store_up_to(float* to, Vec v, int64_t count) {
  if (count < kLanes) store_some(to, v, count);
  else store(to, v);
}

/// Φ(x) + x · φ(x).
MIMDET_INLINE Vec gelu_slope_of(Vec x) {
  const Vec density = exp2_of_negative(x * x * -0.72134752044448170f) * 0.39894228040143268f;
  return erf_of(x * 0.70710678118654752f) * 0.5f + 0.5f + x * density;
}

MIMDET_INLINE Vec passed_back(Vec dy, Vec before, Activation activation) {
  if (activation == Activation::kRelu) return before > Vec{} ? dy : Vec{};
  return activation == Activation::kGelu ? dy * gelu_slope_of(before) : dy;
}

MIMDET_KERNEL void column_moments(const float* x, int64_t rows, int64_t channels, float* means, float* squares) {
  for (int64_t c = 0; c < channels; c += kLanes) {
    const int64_t count = channels - c;
    const Vec first = load_up_to(x + c, count);  // taken off: sums of what is far from zero would lose digits
    Vec sum = {};
    for (int64_t row = 0; row < rows; ++row) sum += load_up_to(x + row * channels + c, count) - first;
    const Vec mean = first + sum / static_cast<float>(rows);
    Vec square = {};
    for (int64_t row = 0; row < rows; ++row) {
      const Vec distance = load_up_to(x + row * channels + c, count) - mean;
      square += distance * distance;
    }
    store_up_to(means + c, mean, count);
    store_up_to(squares + c, square, count);
  }
}

MIMDET_KERNEL void normalize(const NormRows& p, float* y) {
  for (int64_t row = 0; row < p.rows; ++row)
    for (int64_t c = 0; c < p.channels; c += kLanes) {
      const int64_t count = p.channels - c, at = row * p.channels + c;
      const Vec z = (load_up_to(p.x + at, count) - load_up_to(p.centre + c, count)) * load_up_to(p.scale + c, count) +
                    load_up_to(p.shift + c, count);
      store_up_to(y + at, activated(z, p.activation), count);
    }
}

/// One or two vectors of channels, from `c` on, of all rows: two are a whole line of the cache. `count`: channels that are there.
template <int V>
MIMDET_INLINE void norm_gradient_columns(const NormRows& p, int64_t c, int64_t count, const float* dy, float* g, float* sums,
                                         float* products) {
  Vec centre[V], scale[V], shift[V], sum[V] = {}, product[V] = {};
  for (int v = 0; v < V; ++v) {
    centre[v] = load_up_to(p.centre + c + v * kLanes, count - v * kLanes);
    scale[v] = load_up_to(p.scale + c + v * kLanes, count - v * kLanes);
    shift[v] = load_up_to(p.shift + c + v * kLanes, count - v * kLanes);
  }
  for (int64_t row = 0, at = c; row < p.rows; ++row, at += p.channels) {
    MIMDET_UNROLL
    for (int v = 0; v < V; ++v) {
      const int64_t place = at + v * kLanes, left = count - v * kLanes;
      const Vec distance = load_up_to(p.x + place, left) - centre[v];
      const Vec gradient = passed_back(load_up_to(dy + place, left), distance * scale[v] + shift[v], p.activation);
      if (g) store_up_to(g + place, gradient, left);
      sum[v] += gradient;
      product[v] += gradient * distance;
    }
  }
  for (int v = 0; v < V; ++v) {
    store_up_to(sums + c + v * kLanes, sum[v], count - v * kLanes);
    store_up_to(products + c + v * kLanes, product[v], count - v * kLanes);
  }
}

MIMDET_KERNEL void norm_gradient(const NormRows& p, const float* dy, float* g, float* sums, float* products) {
  int64_t c = 0;
  for (; c + 2 * kLanes <= p.channels; c += 2 * kLanes) norm_gradient_columns<2>(p, c, 2 * kLanes, dy, g, sums, products);
  for (; c < p.channels; c += kLanes) norm_gradient_columns<1>(p, c, p.channels - c, dy, g, sums, products);
}

MIMDET_KERNEL void norm_gradient_to_input(const NormRows& p, float* g, const float* on_gradient, const float* on_distance,
                                          const float* offset) {
  for (int64_t row = 0; row < p.rows; ++row)
    for (int64_t c = 0; c < p.channels; c += kLanes) {
      const int64_t count = p.channels - c, at = row * p.channels + c;
      const Vec distance = load_up_to(p.x + at, count) - load_up_to(p.centre + c, count);
      const Vec own = load_up_to(g + at, count) * load_up_to(on_gradient + c, count);
      store_up_to(g + at, own + distance * load_up_to(on_distance + c, count) + load_up_to(offset + c, count), count);
    }
}

MIMDET_KERNEL void gelu(const float* x, float* y, int64_t count) {
  for (int64_t i = 0; i < count; i += kLanes) store_up_to(y + i, gelu_of(load_up_to(x + i, count - i)), count - i);
}

MIMDET_KERNEL void gelu_gradient(const float* x, const float* dy, float* dx, int64_t count) {
  for (int64_t i = 0; i < count; i += kLanes)
    store_up_to(dx + i, load_up_to(dy + i, count - i) * gelu_slope_of(load_up_to(x + i, count - i)), count - i);
}
