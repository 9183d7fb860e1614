// What code with tiles' instructions has in common. The file that includes it has included <immintrin.h>, and closes it over in a namespace of
// its own.

#define MIMDET_TILES __attribute__((target("amx-tile,amx-bf16,avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,fma")))
#define MIMDET_TILES_INLINE MIMDET_TILES __attribute__((always_inline)) inline

constexpr int64_t kSide = kTileSide, kDepth = kTileDepth;
constexpr int64_t kTile = kSide * kDepth;
constexpr int64_t kSquare = 2 * kSide;  // rows and columns that four accumulating tiles cover

/// The compiler does not know that tiles, and their shapes, are loaded from memory.
MIMDET_TILES_INLINE void settle_memory() { asm volatile("" ::: "memory"); }

/// As the processor reads it: all eight tiles are 16 rows of 64 bytes.
struct TileShapes {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
static_assert(sizeof(TileShapes) == 64);

/// This thread's tiles have these shapes while this lives.
struct TilesInUse {
  TileShapes shapes;

  MIMDET_TILES TilesInUse() {
    settle_memory();
    _tile_loadconfig(&shapes);
  }
  MIMDET_TILES ~TilesInUse() { _tile_release(); }
};
