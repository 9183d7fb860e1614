// Masks as run lengths, bitmaps and polygons in JavaScript. Before it: lib/mask.ts. After it: structures/rle_mask, mask_polygons.
// All at once, on the JavaScript thread: a mask of a large picture takes milliseconds.
#pragma once

#include "addon/napi_setup.h"

namespace mimdet {

Napi::Value rle_to_bitmap_js(const Napi::CallbackInfo& info);      // (rle)
Napi::Value rle_from_bitmap_js(const Napi::CallbackInfo& info);    // (bitmap, height, width)
Napi::Value rle_from_polygons_js(const Napi::CallbackInfo& info);  // (rings, height, width)
Napi::Value rle_from_runs_js(const Napi::CallbackInfo& info);      // (runs, height, width)
Napi::Value rle_area_js(const Napi::CallbackInfo& info);           // (rle)
Napi::Value rle_to_polygons_js(const Napi::CallbackInfo& info);    // (rle)

}  // namespace mimdet
