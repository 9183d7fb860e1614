// What the metadata of a safetensors file of ours says: format, version, configuration. For load_weights, convert and inspect.
#pragma once

#include <optional>

#include "base/error.h"
#include "model/config.h"
#include "weights/named_tensor.h"

namespace mimdet {

constexpr const char* kModelFormat = "mimdet";      // a whole model
constexpr const char* kInitFormat = "mimdet-init";  // a part of one, to start training from
constexpr const char* kFormatVersion = "1";

/// The configuration in the metadata; nothing where there is none. Error(kWeights) for one that no model can be built from, or
/// for a file of ours with another version.
std::optional<ModelConfig> config_in(const Metadata& metadata);

/// The entries other than format, version and config: license, data, recipe, metrics, …
Metadata card_of(const Metadata& metadata);

/// format, version and config, then the card.
Metadata make_metadata(const char* format, const ModelConfig& config, const Metadata& card);

/// Runs `body`; an Error(kWeights) out of it gets the file's name at its end.
template <class Body>
auto in_file(const std::string& name, Body body) {
  try {
    return body();
  } catch (const Error& error) {
    const std::string message = error.what();
    if (error.code() != ErrorCode::kWeights || message.find(name) != std::string::npos) throw;
    throw Error(error.code(), message + " (in " + name + ")");
  }
}

}  // namespace mimdet
