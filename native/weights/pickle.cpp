// Looking into a pickle's tree.
#include "weights/pickle.h"

#include "weights/named_tensor.h"

namespace mimdet {

const PickleNode* as_node(const PickleValue& value, PickleNode::Kind kind) {
  return value.kind == PickleValue::Kind::kNode && value.node->kind == kind ? value.node : nullptr;
}

const PickleValue* find_key(const PickleNode& dict, std::string_view key) {
  for (size_t i = dict.items.size(); i >= 2; i -= 2) {
    const PickleValue& candidate = dict.items[i - 2];
    const PickleNode* text = as_node(candidate, PickleNode::Kind::kText);
    if (!text) text = as_node(candidate, PickleNode::Kind::kBytes);
    if (text && text->text == key) return &dict.items[i - 1];
  }
  return nullptr;
}

std::string describe(const PickleValue& value) {
  static constexpr const char* kValues[] = {"None", "a truth value", "an integer", "a number"};
  if (value.kind != PickleValue::Kind::kNode) return kValues[static_cast<size_t>(value.kind)];
  static constexpr const char* kNodes[] = {"a text",       "bytes",   "an integer", "a tuple",  "a list",
                                           "a dictionary", "a class", "an object",  "a storage"};
  if (value.node->kind != PickleNode::Kind::kObject) return kNodes[static_cast<size_t>(value.node->kind)];
  const PickleNode* callee = as_node(value.node->items[0], PickleNode::Kind::kGlobal);
  return "an object of class " + show_name(callee->text) + "." + show_name(callee->name);
}

}  // namespace mimdet
