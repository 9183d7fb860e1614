// See inspect.h.
#include "weights/inspect.h"

#include "base/json.h"
#include "weights/checkpoint.h"
#include "weights/model_file.h"
#include "weights/preset_by_shape.h"

namespace mimdet {
namespace {

/// A pickle may name a tensor with bytes that are no UTF-8, which no JSON holds.
Json json_of(const TensorSpec& tensor) {
  Json::Array shape;
  for (int64_t side : tensor.shape) shape.push_back(side);
  return Json::Object{{"name", show_name(tensor.name)}, {"dtype", dtype_name(tensor.dtype)}, {"shape", std::move(shape)}};
}

}  // namespace

std::string Inspection::to_json_text() const {
  Json::Object card;
  for (const auto& [key, value] : metadata) card.emplace_back(key, value);
  Json::Array list;
  for (const TensorSpec& tensor : tensors) list.push_back(json_of(tensor));
  return Json(Json::Object{{"format", format},
                           {"preset", config ? Json(preset_of(*config)) : Json()},
                           {"config", config ? config->to_json() : Json()},
                           {"metadata", std::move(card)},
                           {"tensors", std::move(list)},
                           {"bytes", static_cast<int64_t>(bytes)}})
      .dump();
}

Inspection inspect_weights(const FileBytes& file) {
  const Checkpoint checkpoint = read_checkpoint(file);
  Inspection inspection;
  const std::string* format = find_metadata(checkpoint.metadata, "format");
  const bool ours = format && (*format == kModelFormat || *format == kInitFormat);
  inspection.format = ours ? *format : describe_file(file);
  inspection.config = config_in(checkpoint.metadata);
  inspection.metadata = card_of(checkpoint.metadata);
  inspection.bytes = file.size;
  for (const StoredTensor& tensor : checkpoint.tensors) inspection.tensors.push_back({tensor.name, tensor.dtype, tensor.shape});
  return inspection;
}

Inspection inspect_weights(const std::string& path) {
  return in_file(path, [&] { return inspect_weights(map_file(path)); });
}

}  // namespace mimdet
