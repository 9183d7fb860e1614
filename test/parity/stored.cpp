#include "stored.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/error.h"
#include "model/state_dict.h"
#include "weights/safetensors.h"

namespace mimdet::parity {
namespace {

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) fail(ErrorCode::kInvalidArgument, "Expected a readable file for `" + path + "` but received none");
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

bool Folder::has(const std::string& name) const { return std::filesystem::exists(folder + "/" + name); }

Json Folder::json(const std::string& name) const { return Json::parse(read(folder + "/" + name)); }

Image Folder::picture(const std::string& name) const {
  const std::string bytes = read(pictures + "/" + name + ".ppm");
  std::istringstream header(bytes);
  std::string magic;
  int64_t width = 0, height = 0, most = 0;
  header >> magic >> width >> height >> most;
  const size_t start = static_cast<size_t>(header.tellg()) + 1, size = static_cast<size_t>(width * height * 3);
  if (magic != "P6" || most != 255 || bytes.size() != start + size) fail(ErrorCode::kDecode, name + ".ppm is no 8-bit P6 picture");
  return {std::vector<uint8_t>(bytes.begin() + static_cast<std::ptrdiff_t>(start), bytes.end()), {height, width}};
}

std::unordered_map<std::string, at::Tensor> read_tensors(const std::string& path) { return as_state_dict(read_safetensors(path).tensors); }

StoredForward::StoredForward(const Folder& folder, const Json& forwards, const std::string& name) {
  const Json& forward = forwards.at(name);
  tensors_ = read_tensors(folder.folder + "/" + forward.at("file").string());
  const Json* elsewhere = forward.find("found_elsewhere");
  if (!elsewhere) return;
  for (const auto& [station, place] : elsewhere->object()) {
    if (place.is_null()) continue;
    const std::string file = place.string().substr(0, place.string().find(':')), other = place.string().substr(file.size() + 1);
    tensors_[station] = read_tensors(folder.folder + "/" + file + ".safetensors").at(other);
  }
}

const at::Tensor& StoredForward::operator[](const std::string& station) const {
  const auto found = tensors_.find(station);
  if (found == tensors_.end()) fail(ErrorCode::kInvalidArgument, "Expected the station `" + station + "` in the reference data but received none");
  return found->second;
}

}  // namespace mimdet::parity
