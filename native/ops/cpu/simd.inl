// Vectors of kLanes floats, with the compiler's own arithmetic on them: one source for every width. See kernels.inl.

typedef float Vec __attribute__((vector_size(kLanes * 4)));
typedef int32_t IntVec __attribute__((vector_size(kLanes * 4)));
typedef float LooseVec __attribute__((vector_size(kLanes * 4), aligned(4), may_alias));

MIMDET_INLINE Vec load(const float* from) { return *reinterpret_cast<const LooseVec*>(from); }
MIMDET_INLINE void store(float* to, Vec v) { *reinterpret_cast<LooseVec*>(to) = v; }
MIMDET_INLINE Vec spread(float value) { return value - Vec{}; }
MIMDET_INLINE Vec larger(Vec a, Vec b) { return a > b ? a : b; }  // NaN in b stays, as in one instruction

/// Lane i becomes lane i + by, around the end.
template <int kBy>
MIMDET_INLINE Vec turned(Vec v) {
  IntVec from;
  for (int i = 0; i < kLanes; ++i) from[i] = (i + kBy) % kLanes;
#if defined(__clang__)
  return __builtin_shufflevector(v, from);
#else
  return __builtin_shuffle(v, from);
#endif
}

/// Halves meet until one number is left.
template <int kHalf = kLanes / 2>
MIMDET_INLINE float sum_of(Vec v) {
  v += turned<kHalf>(v);
  if constexpr (kHalf == 1) return v[0];
  else return sum_of<kHalf / 2>(v);
}

template <int kHalf = kLanes / 2>
MIMDET_INLINE float largest_of(Vec v) {
  v = larger(v, turned<kHalf>(v));
  if constexpr (kHalf == 1) return v[0];
  else return largest_of<kHalf / 2>(v);
}

/// 2^x for x <= 0, within 3e-7 of its value; what would be denormal is 2^-126. NaN stays NaN.
MIMDET_INLINE Vec exp2_of_negative(Vec x) {
  const Vec magic = spread(12582912.f);  // 1.5 · 2^23: adding it rounds to an integer in the low bits
  x = larger(spread(-126.f), x);
  const Vec shifted = x + magic;
  const Vec rest = x - (shifted - magic);  // -0.5 … 0.5
  Vec y = spread(0.0013390863314270973f);
  y = y * rest + 0.009676031768321991f;
  y = y * rest + 0.055503569543361664f;
  y = y * rest + 0.2402210682630539f;
  y = y * rest + 0.6931471824645996f;
  y = y * rest + 1.0000001192092896f;
  return reinterpret_cast<Vec>(reinterpret_cast<IntVec>(y) + (reinterpret_cast<IntVec>(shifted) << 23));
}

/// erf(z) as z · P(z²) / Q(z²), within 3e-7; constant from 4 on, where it is 1 in float32.
MIMDET_INLINE Vec erf_of(Vec z) {
  const Vec limit = spread(4.f);
  z = z > limit ? limit : z;
  z = z < -limit ? -limit : z;
  const Vec u = z * z;
  Vec p = spread(1.986645202123327e-06f);
  p = p * u + 0.0002845397684723139f;
  p = p * u + 0.003882890334352851f;
  p = p * u + 0.05310030281543732f;
  p = p * u + 0.19353678822517395f;
  p = p * u + 1.1283791065216064f;
  Vec q = spread(3.741736145457253e-05f);
  q = q * u + 0.0011854309123009443f;
  q = q * u + 0.015206359326839447f;
  q = q * u + 0.115346260368824f;
  q = q * u + 0.5048500895500183f;
  q = q * u + 1.f;
  return z * p / q;
}

MIMDET_INLINE Vec gelu_of(Vec x) { return x * (erf_of(x * 0.70710678118654752f) * 0.5f + 0.5f); }

MIMDET_INLINE Vec activated(Vec x, Activation activation) {
  if (activation == Activation::kRelu) return x < Vec{} ? Vec{} : x;  // NaN stays NaN
  return activation == Activation::kGelu ? gelu_of(x) : x;
}
