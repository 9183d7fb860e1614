// See pickle_arguments.h.
#include "weights/pickle_arguments.h"

#include "base/error.h"
#include "weights/named_tensor.h"

namespace mimdet {
namespace {

using Kind = PickleNode::Kind;
constexpr size_t kMostIntegers = 64;

}  // namespace

std::string_view text_of(const PickleValue& value) {
  const PickleNode* node = as_node(value, Kind::kText);
  if (!node) node = as_node(value, Kind::kBytes);
  return node ? node->text : std::string_view();
}

int64_t integer_of(const PickleValue& value, const std::string& name) {
  if (value.kind != PickleValue::Kind::kInteger)
    fail_expected(ErrorCode::kWeights, "an integer", show_name(name), describe(value));
  return value.integer;
}

std::vector<int64_t> integers_of(const PickleValue& value, const std::string& name) {
  const PickleNode* list = as_node(value, Kind::kTuple);
  if (!list) list = as_node(value, Kind::kList);
  const PickleNode* object = as_node(value, Kind::kObject);
  if (object) {
    const PickleNode* callee = as_node(object->items[0], Kind::kGlobal);
    const PickleNode* arguments = as_node(object->items[1], Kind::kTuple);
    if (callee->is_global("torch", "Size") && arguments && arguments->items.size() == 1)
      list = as_node(arguments->items[0], Kind::kTuple);
  }
  if (!list || list->items.size() > kMostIntegers)
    fail_expected(ErrorCode::kWeights, "a list of sizes", show_name(name), describe(value));
  std::vector<int64_t> integers;
  for (const PickleValue& item : list->items) integers.push_back(integer_of(item, name));
  return integers;
}

}  // namespace mimdet
