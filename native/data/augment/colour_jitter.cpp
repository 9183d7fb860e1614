// Brightness, contrast, saturation and hue, as one linear map of a pixel's colours: rounded and cut to 0…255 once, at the end.
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "data/augment/augmentations.h"

namespace mimdet {
namespace {

using Colour = std::array<double, 3>;
constexpr Colour kLuma{0.299, 0.587, 0.114};  // BT.601, as in "luminance" of most libraries

/// out = matrix * in + offset
struct ColourMap {
  std::array<Colour, 3> matrix{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
  Colour offset{};

  Colour operator()(const Colour& in) const {
    Colour out = offset;
    for (int i = 0; i < 3; ++i)
      for (int j = 0; j < 3; ++j) out[i] += matrix[i][j] * in[j];
    return out;
  }

  /// This map, and then `next`.
  void then(const std::array<Colour, 3>& next, const Colour& next_offset) {
    ColourMap both{{}, next_offset};
    for (int i = 0; i < 3; ++i)
      for (int k = 0; k < 3; ++k) {
        both.offset[i] += next[i][k] * offset[k];
        for (int j = 0; j < 3; ++j) both.matrix[i][j] += next[i][k] * matrix[k][j];
      }
    *this = both;
  }

  void scale(double factor, double offset_of_all) {
    then({{{factor, 0, 0}, {0, factor, 0}, {0, 0, factor}}}, {offset_of_all, offset_of_all, offset_of_all});
  }
};

double luma(const Colour& colour) { return kLuma[0] * colour[0] + kLuma[1] * colour[1] + kLuma[2] * colour[2]; }

Colour mean_of(const Image& image) {
  std::array<uint64_t, 3> sums{};
  for (size_t i = 0; i < image.rgb.size(); i += 3)
    for (size_t c = 0; c < 3; ++c) sums[c] += image.rgb[i + c];
  const double pixels = static_cast<double>(image.rgb.size()) / 3;
  return {static_cast<double>(sums[0]) / pixels, static_cast<double>(sums[1]) / pixels, static_cast<double>(sums[2]) / pixels};
}

/// Between grey (0) and more colourful (above 1), brightness kept.
std::array<Colour, 3> saturation_matrix(double factor) {
  std::array<Colour, 3> matrix;
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) matrix[i][j] = (1 - factor) * kLuma[j] + (i == j ? factor : 0);
  return matrix;
}

/// A turn about the axis of the greys, by `turns` of a full circle: no grey changes, and red, green and blue change places at a
/// third.
std::array<Colour, 3> hue_matrix(double turns) {
  const double angle = 2 * std::numbers::pi * turns, third = (1 - std::cos(angle)) / 3, side = std::sin(angle) / std::sqrt(3.0);
  const double own = std::cos(angle) + third;
  return {{{own, third - side, third + side}, {third + side, own, third - side}, {third - side, third + side, own}}};
}

void apply(const ColourMap& map, Image& image) {
  std::array<std::array<float, 4>, 3> rows;
  for (int i = 0; i < 3; ++i)
    rows[i] = {static_cast<float>(map.matrix[i][0]), static_cast<float>(map.matrix[i][1]), static_cast<float>(map.matrix[i][2]),
               static_cast<float>(map.offset[i] + 0.5)};
  for (size_t p = 0; p < image.rgb.size(); p += 3) {
    const auto channel = [&](size_t c) { return static_cast<float>(image.rgb[p + c]); };
    const float red = channel(0), green = channel(1), blue = channel(2);
    for (size_t c = 0; c < 3; ++c) {
      const float value = rows[c][0] * red + rows[c][1] * green + rows[c][2] * blue + rows[c][3];
      image.rgb[p + c] = static_cast<uint8_t>(std::clamp(value, 0.0F, 255.0F));
    }
  }
}

}  // namespace

void colour_jitter(Image& image, const ColourOptions& options, Random random) {
  if (!random.chance(options.probability)) return;
  const auto factor = [&](double most) { return random.uniform(1 - most, 1 + most); };
  const bool grey = random.chance(options.grey), invert = random.chance(options.invert);
  const double brightness = factor(options.brightness), contrast = factor(options.contrast);
  const double saturation = factor(options.saturation);
  const double hue = random.uniform(-options.hue, options.hue);
  ColourMap map;
  if (grey) map.then(saturation_matrix(0), {});
  if (invert) map.scale(-1, 255);
  map.scale(brightness, 0);
  map.scale(contrast, (1 - contrast) * luma(map(mean_of(image))));
  map.then(saturation_matrix(saturation), {});
  map.then(hue_matrix(hue), {});
  apply(map, image);
}

}  // namespace mimdet
