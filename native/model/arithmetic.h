// How much arithmetic a pass through the model is, station by station, from the configuration alone.
// Before it: config. After it: inference/pass_forecast (what a pass will take), `mimdet bench` (share of the machine's peak).
#pragma once

#include <cstdint>

#include "base/geometry.h"
#include "model/config.h"
#include "model/stations.h"

namespace mimdet {

struct PassShape {
  SizeHw padded = {};
  double sample_ratio = 1;
  int64_t pictures = 0;
  int64_t proposals = 0, masks = 0;  // over all pictures
};

/// Multiply-adds of convolutions, linear layers and attention. What only touches each number once (norms, activations, pooling,
/// resizing, selecting) is not counted.
PerStation multiply_adds(const ModelConfig& config, const PassShape& pass);
/// Adds them to `log`, which may be null: those of a pass, or of the part of one that `pass` tells of.
void count(const ModelConfig& config, const PassShape& pass, StationLog* log);

/// Of so many patches the encoder sees these: int(patches · ratio), at least one.
int64_t kept_patches(int64_t patches, double ratio);

}  // namespace mimdet
