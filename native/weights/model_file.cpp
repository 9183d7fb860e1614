// See model_file.h.
#include "weights/model_file.h"

#include "base/error.h"
#include "base/json.h"

namespace mimdet {

std::optional<ModelConfig> config_in(const Metadata& metadata) {
  const std::string* format = find_metadata(metadata, "format");
  const std::string* version = find_metadata(metadata, "version");
  const bool ours = format && (*format == kModelFormat || *format == kInitFormat);
  if (ours && version && *version != kFormatVersion)
    fail_expected(ErrorCode::kWeights, std::string("version ") + kFormatVersion, "__metadata__.version",
                  "\"" + show_name(*version) + "\"");
  const std::string* config = find_metadata(metadata, "config");
  if (!config) return std::nullopt;
  try {
    return ModelConfig::from_json_text(*config);
  } catch (const Error& error) {
    fail(ErrorCode::kWeights, std::string("In the file's own configuration: ") + error.what());
  }
}

Metadata card_of(const Metadata& metadata) {
  Metadata card;
  for (const auto& entry : metadata)
    if (entry.first != "format" && entry.first != "version" && entry.first != "config") card.push_back(entry);
  return card;
}

Metadata make_metadata(const char* format, const ModelConfig& config, const Metadata& card) {
  Metadata metadata = {{"format", format}, {"version", kFormatVersion}, {"config", config.to_json().dump()}};
  metadata.insert(metadata.end(), card.begin(), card.end());
  return metadata;
}

}  // namespace mimdet
