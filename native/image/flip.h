// Mirrors a picture in place. Before it: resize. After it: preprocess, in test-time augmentation.
#pragma once

#include "structures/image_view.h"

namespace mimdet {

/// Left becomes right.
void flip_horizontally(Image& image);
/// Top becomes bottom.
void flip_vertically(Image& image);

}  // namespace mimdet
