// ndarray.__reduce__: _reconstruct(ndarray, (0,), b'b') with the state (version, shape, dtype, fortran order, bytes), and from
// protocol 5 on _frombuffer(bytes, dtype, shape, order). In protocol 2 the bytes are _codecs.encode(text, 'latin1').
#include "weights/numpy_arrays.h"

#include "base/error.h"
#include "weights/pickle_arguments.h"

namespace mimdet {
namespace {

using Kind = PickleNode::Kind;

[[noreturn]] void wrong(const std::string& what, const std::string& name, const std::string& received) {
  fail_expected(ErrorCode::kWeights, what, show_name(name), received);
}

bool calls(const PickleValue& value, std::string_view module, std::string_view name) {
  const PickleNode* object = as_node(value, Kind::kObject);
  if (!object) return false;
  const PickleNode* callee = as_node(object->items[0], Kind::kGlobal);
  return callee->name == name &&
         (callee->text == module || (callee->text == "numpy.core.multiarray" && module == "numpy._core.multiarray") ||
          (callee->text == "numpy.core.numeric" && module == "numpy._core.numeric"));
}

bool is_reconstruct(const PickleValue& value) { return calls(value, "numpy._core.multiarray", "_reconstruct"); }
bool is_frombuffer(const PickleValue& value) { return calls(value, "numpy._core.numeric", "_frombuffer"); }

struct NumberFormat {
  DType dtype = DType::kFloat32;
  bool swapped = false;
};

/// dtype('f4', False, True) with the state (3, '<', …): the order stands in the state, or in front of the code.
NumberFormat format_of(const std::string& name, const PickleValue& value) {
  if (!calls(value, "numpy", "dtype")) wrong("an array of plain numbers", name, describe(value));
  const PickleNode* arguments = as_node(value.node->items[1], Kind::kTuple);
  const PickleNode* state = as_node(value.node->items[2], Kind::kTuple);
  std::string_view code = arguments && !arguments->items.empty() ? text_of(arguments->items[0]) : std::string_view();
  std::string_view order = state && state->items.size() > 1 ? text_of(state->items[1]) : std::string_view();
  if (!code.empty() && std::string_view("<>=|").find(code[0]) != std::string_view::npos) {
    if (order.empty()) order = code.substr(0, 1);
    code.remove_prefix(1);
  }
  static constexpr std::pair<std::string_view, DType> kCodes[] = {
      {"f4", DType::kFloat32}, {"f2", DType::kFloat16}, {"f8", DType::kFloat64}, {"i8", DType::kInt64}, {"i4", DType::kInt32},
      {"i2", DType::kInt16},   {"i1", DType::kInt8},    {"u1", DType::kUInt8},   {"b1", DType::kBool}};
  for (const auto& [text, dtype] : kCodes)
    if (text == code) return {dtype, order == ">"};
  wrong("an array of plain numbers", name, "dtype " + show_name(code));
}

}  // namespace

bool is_numpy_array(const PickleValue& value) { return is_reconstruct(value) || is_frombuffer(value); }

StoredTensor NumpyReader::read(const std::string& name, const PickleValue& value) {
  const bool buffer = is_frombuffer(value);
  const PickleNode* parts = as_node(value.node->items[buffer ? 1 : 2], Kind::kTuple);
  if (!parts || parts->items.size() < (buffer ? 4u : 5u)) wrong("an array with shape, dtype and bytes", name, "one without");
  const PickleValue& shape_value = parts->items[buffer ? 2 : 1];
  const PickleValue& dtype_value = parts->items[buffer ? 1 : 2];
  const PickleValue& bytes_value = parts->items[buffer ? 0 : 4];
  const PickleValue& order = parts->items[3];
  const bool fortran = buffer ? text_of(order) == "F" : order.kind == PickleValue::Kind::kBool && order.integer != 0;
  const NumberFormat format = format_of(name, dtype_value);
  std::vector<int64_t> shape = integers_of(shape_value, name);
  const Storage storage{bytes_of(name, bytes_value), format.dtype, format.swapped};
  const auto bytes = tensor_bytes(shape, format.dtype);
  if (!bytes || *bytes != storage.bytes.size)
    wrong("as many bytes as its shape " + show_shape(shape) + " takes as " + dtype_name(format.dtype), name,
          std::to_string(storage.bytes.size));
  std::vector<int64_t> strides = fortran ? column_major_strides(shape) : row_major_strides(shape);
  return view_storage(name, storage, 0, std::move(shape), std::move(strides));
}

FileBytes NumpyReader::bytes_of(const std::string& name, const PickleValue& value) {
  if (const PickleNode* bytes = as_node(value, Kind::kBytes))
    return {reinterpret_cast<const std::byte*>(bytes->text.data()), bytes->text.size(), file_.owner};
  if (calls(value, "_codecs", "encode")) {
    const PickleNode* arguments = as_node(value.node->items[1], Kind::kTuple);
    const PickleNode* text = arguments && !arguments->items.empty() ? as_node(arguments->items[0], Kind::kText) : nullptr;
    if (text) return decode_latin1(name, text->text);
  }
  wrong("an array with its bytes", name, describe(value));
}

/// Each character below 256 is one byte: those below 128 stand alone, the others as two bytes of UTF-8 (C2 or C3, then 80 … BF).
FileBytes NumpyReader::decode_latin1(const std::string& name, std::string_view text) {
  FileBytes& known = decoded_[text.data()];
  if (known.owner) return known;
  std::shared_ptr<std::byte[]> bytes(new std::byte[text.size()]);
  size_t count = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned char c = static_cast<unsigned char>(text[i]);
    if (c >= 0x80) {
      const unsigned char next = i + 1 < text.size() ? static_cast<unsigned char>(text[++i]) : 0;
      if ((c != 0xc2 && c != 0xc3) || (next & 0xc0) != 0x80) wrong("bytes as latin1 text", name, "text that is not");
      c = static_cast<unsigned char>((c & 3) << 6 | (next & 0x3f));
    }
    bytes[count++] = static_cast<std::byte>(c);
  }
  known = {bytes.get(), count, bytes};
  return known;
}

}  // namespace mimdet
