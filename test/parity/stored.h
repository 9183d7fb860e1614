// Reference data as it lies in a folder: tensors of a forward, pictures, JSON.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <unordered_map>

#include "base/json.h"
#include "structures/image_view.h"

namespace mimdet::parity {

/// Where the data are. `pictures` holds every PNG of `folder` as NAME.ppm (test/golden-pictures.ts makes them).
struct Folder {
  std::string folder, pictures;

  bool has(const std::string& name) const;
  Json json(const std::string& name) const;
  Image picture(const std::string& name) const;  // "pictures/one.png"
};

std::unordered_map<std::string, at::Tensor> read_tensors(const std::string& path);

/// The stations of one forward, with those that `found_elsewhere` names.
class StoredForward {
 public:
  StoredForward(const Folder& folder, const Json& forwards, const std::string& name);

  bool has(const std::string& station) const { return tensors_.count(station) > 0; }
  const at::Tensor& operator[](const std::string& station) const;

 private:
  std::unordered_map<std::string, at::Tensor> tensors_;
};

}  // namespace mimdet::parity
