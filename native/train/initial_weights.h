// The weights that a run begins with: fresh ones by the reference's rules, or those of a file as far as they fit.
// Before it: weights/safetensors, weights/weight_names. After it: parameters.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/config.h"
#include "model/weight_source.h"

namespace mimdet {

struct InitialWeights {
  StateDict tensors;               // every tensor of expected_tensors(config), float32
  std::vector<std::string> notes;  // what was re-made or made afresh, in words; empty for fresh weights and for a file that fits wholly
};

/// Fresh weights. Each tensor's numbers are a function of `seed` and its name alone.
InitialWeights fresh_weights(const ModelConfig& config, uint64_t seed);

/// Weights of a .safetensors file of ours: a whole model, or a part of one (`mimdet-init`). What the file has is taken, what it lacks is made
/// afresh; heads of another list of classes are made afresh, and position embeddings of another image size are made for this one.
/// Error(kWeights) naming the tensor for any other shape, for a whole model that lacks one, and for numbers that are not finite.
InitialWeights load_initial_weights(const std::string& path, const ModelConfig& config, uint64_t seed);

/// (1, 1 + grid², dim): fixed sine-cosine positions, computed in float64; row 0 is zeros. Channels: x then y, in each all sines before all cosines.
at::Tensor sine_cosine_positions(int64_t grid, int64_t dim);

}  // namespace mimdet
