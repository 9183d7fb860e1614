// The results of a picture's tiles brought together. Before it: lib/tiles. After it: inference/tile_merge, in the task pool.
#pragma once

#include "addon/napi_setup.h"

namespace mimdet {

Napi::Value merge_tiles_js(const Napi::CallbackInfo& info);  // (grid, tiles, options, job): a promise

}  // namespace mimdet
