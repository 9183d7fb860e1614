// See state_dict.h.
#include "weights/state_dict.h"

#include <algorithm>
#include <unordered_map>

#include "base/error.h"
#include "weights/pickle_arguments.h"

namespace mimdet {
namespace {

using Kind = PickleNode::Kind;
constexpr size_t kMostTensors = 65536;  // the deepest configuration has some 15,000

bool has_tensors(const PickleNode& dict, const TensorReader& reader) {
  for (size_t i = 1; i < dict.items.size(); i += 2)
    if (reader.is_tensor(dict.items[i])) return true;
  return false;
}

[[noreturn]] void no_tensors(const std::string& received) {
  fail_expected(ErrorCode::kWeights, "a state dict of tensors, bare or under `model` or `state_dict`", "checkpoint", received);
}

const PickleNode& find_state_dict(const Pickle& pickle, const TensorReader& reader) {
  const PickleNode* root = as_node(pickle.root, Kind::kDict);
  if (!root) no_tensors(describe(pickle.root));
  for (std::string_view key : {"model", "state_dict", "model_state_dict"}) {
    const PickleValue* found = find_key(*root, key);
    const PickleNode* dict = found ? as_node(*found, Kind::kDict) : nullptr;
    if (dict && has_tensors(*dict, reader)) return *dict;
    if (found && as_node(*found, Kind::kObject) && !reader.is_tensor(*found))
      no_tensors(describe(*found) + " under `" + std::string(key) + "` (a whole model; save its state_dict())");
  }
  if (!has_tensors(*root, reader)) no_tensors("a dictionary without any");
  return *root;
}

}  // namespace

std::vector<StoredTensor> read_state_dict(const Pickle& pickle, const TensorReader& reader) {
  const PickleNode& dict = find_state_dict(pickle, reader);
  std::unordered_map<std::string_view, const PickleValue*> last;  // as in Python, the last value of a repeated key counts
  std::vector<std::string_view> names;
  for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    const std::string_view name = text_of(dict.items[i]);
    if (names.size() > kMostTensors) no_tensors("a dictionary of more than " + std::to_string(kMostTensors) + " names");
    if (!name.empty() && last.insert_or_assign(name, &dict.items[i + 1]).second) names.push_back(name);
  }
  std::vector<StoredTensor> tensors;
  for (std::string_view name : names)
    if (reader.is_tensor(*last[name])) tensors.push_back(reader.read(std::string(name), *last[name]));
  return tensors;
}

}  // namespace mimdet
