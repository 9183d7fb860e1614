#include "data/augment/placement.h"

#include <cmath>
#include <utility>

namespace mimdet {

void Placement::mirror_x() {
  const auto width = static_cast<double>(size.width);
  xx = -xx, xy = -xy, x0 = width - x0;
  content = {width - content[2], content[1], width - content[0], content[3]};
}

void Placement::mirror_y() {
  const auto height = static_cast<double>(size.height);
  yx = -yx, yy = -yy, y0 = height - y0;
  content = {content[0], height - content[3], content[2], height - content[1]};
}

void Placement::transpose() {
  std::swap(xx, yx), std::swap(xy, yy), std::swap(x0, y0);
  std::swap(size.height, size.width);
  content = {content[1], content[0], content[3], content[2]};
}

void Placement::scale(SizeHw to) {
  const double across = static_cast<double>(to.width) / static_cast<double>(size.width);
  const double down = static_cast<double>(to.height) / static_cast<double>(size.height);
  xx *= across, xy *= across, x0 *= across;
  yx *= down, yy *= down, y0 *= down;
  content = {content[0] * across, content[1] * down, content[2] * across, content[3] * down};
  size = to;
}

void Placement::shift(double dx, double dy, SizeHw frame) {
  x0 += dx, y0 += dy;
  const BoxXyxy moved{content[0] + dx, content[1] + dy, content[2] + dx, content[3] + dy};
  content = clipped(moved, {0, 0, static_cast<double>(frame.width), static_cast<double>(frame.height)});
  size = frame;
}

}  // namespace mimdet
