// What a layer does to its sums before they leave the registers.
#pragma once

namespace mimdet {

enum class Activation { kNone, kRelu, kGelu };  // GELU is the exact one, with erf

}  // namespace mimdet
