// Processors that multiply whole tiles of bfloat16 (AMX): whether this is one, and what their users share. Under attention_tiles (bfloat16) and
// split_product (float32 in three parts).
#pragma once

#include <cstdint>

namespace mimdet::cpu {

using Bfloat16Bits = uint16_t;

constexpr int64_t kTileSide = 16;   // rows of a tile, and its columns of float32
constexpr int64_t kTileDepth = 32;  // bfloat16 numbers in a row of a tile

/// Whether this processor has the tiles and the system lets this process use them; asked once.
bool has_matrix_tiles();

}  // namespace mimdet::cpu

#if defined(__x86_64__) && defined(__linux__)
#define MIMDET_HAS_TILES
#endif
