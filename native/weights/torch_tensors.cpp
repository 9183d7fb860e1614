// torch/_utils.py's _rebuild_* functions, read as descriptions.
#include "weights/torch_tensors.h"

#include "base/error.h"
#include "weights/pickle_arguments.h"

namespace mimdet {
namespace {

using Kind = PickleNode::Kind;

[[noreturn]] void wrong(const std::string& what, const std::string& name, const std::string& received) {
  fail_expected(ErrorCode::kWeights, what, show_name(name), received);
}

/// "FloatStorage" of torch or torch.cuda, or "float32" of torch.
std::optional<DType> named_dtype(std::string_view name) {
  static constexpr std::pair<std::string_view, DType> kNames[] = {
      {"FloatStorage", DType::kFloat32},     {"float32", DType::kFloat32},
      {"HalfStorage", DType::kFloat16},      {"float16", DType::kFloat16},
      {"BFloat16Storage", DType::kBFloat16}, {"bfloat16", DType::kBFloat16},
      {"DoubleStorage", DType::kFloat64},    {"float64", DType::kFloat64},
      {"LongStorage", DType::kInt64},        {"int64", DType::kInt64},
      {"IntStorage", DType::kInt32},         {"int32", DType::kInt32},
      {"ShortStorage", DType::kInt16},       {"int16", DType::kInt16},
      {"CharStorage", DType::kInt8},         {"int8", DType::kInt8},
      {"ByteStorage", DType::kUInt8},        {"uint8", DType::kUInt8},
      {"BoolStorage", DType::kBool},         {"bool", DType::kBool}};
  for (const auto& [text, dtype] : kNames)
    if (text == name) return dtype;
  return std::nullopt;
}

struct Call {
  std::string_view function;
  const PickleNode* arguments = nullptr;  // a tuple
};

std::optional<Call> torch_call(const PickleValue& value) {
  const PickleNode* object = as_node(value, Kind::kObject);
  if (!object) return std::nullopt;
  const PickleNode* callee = as_node(object->items[0], Kind::kGlobal);
  const PickleNode* arguments = as_node(object->items[1], Kind::kTuple);
  const bool torchs = callee && (callee->text == "torch._utils" || callee->text == "torch._tensor");
  if (!torchs || !arguments) return std::nullopt;
  return Call{callee->name, arguments};
}

/// Takes off _rebuild_parameter(tensor, …) and _rebuild_from_type_v2(function, type, arguments, state).
std::optional<Call> innermost(std::optional<Call> call) {
  for (int depth = 0; call && depth < 4 && !call->arguments->items.empty(); ++depth) {
    const auto& items = call->arguments->items;
    if (call->function == "_rebuild_parameter" || call->function == "_rebuild_parameter_with_state") {
      call = torch_call(items[0]);
    } else if (call->function == "_rebuild_from_type_v2" && items.size() >= 3) {
      const PickleNode* function = as_node(items[0], Kind::kGlobal);
      const PickleNode* arguments = as_node(items[2], Kind::kTuple);
      if (!function || !arguments) return std::nullopt;
      call = Call{function->name, arguments};
    } else {
      break;
    }
  }
  return call;
}

/// The dtype that _rebuild_tensor_v3 gives as its seventh argument, for a storage without a type.
DType given_dtype(const std::string& name, const PickleNode& arguments) {
  const PickleNode* dtype = arguments.items.size() > 6 ? as_node(arguments.items[6], Kind::kGlobal) : nullptr;
  const auto known = dtype ? named_dtype(dtype->name) : std::nullopt;
  if (!known) wrong("a tensor of plain numbers", name, dtype ? show_name(dtype->name) : "one without a dtype");
  return *known;
}

Storage storage_of(const std::string& name, const PickleNode& arguments, const FindStorage& find_storage, int64_t& offset) {
  const PickleNode* persistent = as_node(arguments.items[0], Kind::kPersistent);
  if (!persistent) wrong("a storage", name, describe(arguments.items[0]));
  StorageReference reference = read_storage_reference(*persistent);
  if (!reference.dtype) {
    reference.dtype = given_dtype(name, arguments);
    reference.count /= static_cast<int64_t>(dtype_size(*reference.dtype));  // of a storage without a type: bytes
  }
  Storage storage = find_storage(reference);
  const uint64_t there = storage.bytes.size / dtype_size(*reference.dtype);
  if (reference.count < 0 || static_cast<uint64_t>(reference.count) > there)
    wrong("a storage with the " + std::to_string(reference.count) + " numbers that it claims", name, std::to_string(there));
  storage.dtype = *reference.dtype;
  if (__builtin_add_overflow(offset, reference.view_offset, &offset))
    wrong("an offset within its storage", name, "one beyond all bounds");
  return storage;
}

}  // namespace

StorageReference read_storage_reference(const PickleNode& persistent) {
  const PickleNode* parts = as_node(persistent.items[0], Kind::kTuple);
  if (!parts || parts->items.size() < 5 || text_of(parts->items[0]) != "storage")
    wrong("a storage", "checkpoint", "another kind of persistent object");
  const PickleNode* type = as_node(parts->items[1], Kind::kGlobal);
  if (!type) wrong("a storage's type", "checkpoint", describe(parts->items[1]));
  StorageReference reference;
  reference.dtype = named_dtype(type->name);
  if (!reference.dtype && type->name != "UntypedStorage" && type->name != "_UntypedStorage")
    wrong("a storage of plain numbers", "checkpoint", show_name(type->name));
  reference.key = text_of(parts->items[2]);
  reference.count = integer_of(parts->items[4], "checkpoint");
  const PickleNode* view = parts->items.size() > 5 ? as_node(parts->items[5], Kind::kTuple) : nullptr;
  if (view && view->items.size() == 3) {
    reference.view_offset = integer_of(view->items[1], "checkpoint");
    reference.count = integer_of(view->items[2], "checkpoint");
    if (reference.view_offset < 0) wrong("an offset of at least 0", "checkpoint", std::to_string(reference.view_offset));
  }
  return reference;
}

bool is_torch_tensor(const PickleValue& value) {
  const auto call = torch_call(value);
  return call && call->function.starts_with("_rebuild_");
}

StoredTensor read_torch_tensor(const std::string& name, const PickleValue& value, const FindStorage& find_storage) {
  const auto call = innermost(torch_call(value));
  const bool plain = call && (call->function == "_rebuild_tensor" || call->function == "_rebuild_tensor_v2" ||
                              call->function == "_rebuild_tensor_v3");
  if (!plain) wrong("a tensor of plain numbers", name, call ? "one made by " + show_name(call->function) : describe(value));
  const auto& items = call->arguments->items;
  if (items.size() < 4)
    wrong("a tensor with storage, offset, shape and strides", name, std::to_string(items.size()) + " arguments");
  int64_t offset = integer_of(items[1], name);
  const Storage storage = storage_of(name, *call->arguments, find_storage, offset);
  return view_storage(name, storage, offset, integers_of(items[2], name), integers_of(items[3], name));
}

}  // namespace mimdet
