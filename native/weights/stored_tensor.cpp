// Strided views: bounds, gathering into row-major order, byte order, and the way to float32 or half.
#include "weights/stored_tensor.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "weights/float_formats.h"

namespace mimdet {
namespace {

constexpr size_t kMostDimensions = 16;

[[noreturn]] void wrong(const std::string& what, const std::string& name, const std::string& received) {
  fail_expected(ErrorCode::kWeights, what, show_name(name), received);
}

std::shared_ptr<std::byte[]> allocate(size_t bytes) { return std::shared_ptr<std::byte[]>(new std::byte[bytes]); }

/// Index of the last element that the view reaches, in numbers of the storage; nothing where that passes int64. No side is 0.
std::optional<int64_t> last_index(int64_t offset, const std::vector<int64_t>& shape, const std::vector<int64_t>& strides) {
  int64_t last = offset;
  for (size_t i = 0; i < shape.size(); ++i) {
    int64_t reach = 0;
    if (__builtin_mul_overflow(shape[i] - 1, strides[i], &reach) || __builtin_add_overflow(last, reach, &last))
      return std::nullopt;
  }
  return last;
}

bool is_contiguous(const StoredTensor& tensor) {
  int64_t expected = 1;
  for (size_t i = tensor.shape.size(); i-- > 0; expected *= tensor.shape[i])
    if (tensor.shape[i] != 1 && tensor.strides[i] != expected) return false;
  return true;
}

/// Copies a view row by row; the last dimension is the inner loop, an odometer counts the others.
template <class T>
void gather(const StoredTensor& tensor, std::byte* target) {
  const size_t outer = tensor.shape.empty() ? 0 : tensor.shape.size() - 1;
  const int64_t length = tensor.shape.empty() ? 1 : tensor.shape.back();
  const int64_t step = tensor.shape.empty() ? 0 : tensor.strides.back();
  std::vector<int64_t> index(outer, 0);
  for (;;) {
    int64_t start = 0;
    for (size_t i = 0; i < outer; ++i) start += index[i] * tensor.strides[i];
    for (int64_t i = 0; i < length; ++i, target += sizeof(T))
      std::memcpy(target, tensor.first + (start + i * step) * static_cast<int64_t>(sizeof(T)), sizeof(T));
    size_t digit = outer;
    while (digit > 0 && ++index[digit - 1] == tensor.shape[digit - 1]) index[--digit] = 0;
    if (digit == 0) return;
  }
}

void gather_numbers(const StoredTensor& tensor, size_t bytes, std::byte* target) {
  if (bytes == 0) return;
  if (is_contiguous(tensor)) {
    std::memcpy(target, tensor.first, bytes);
    return;
  }
  switch (dtype_size(tensor.dtype)) {
    case 8: return gather<uint64_t>(tensor, target);
    case 4: return gather<uint32_t>(tensor, target);
    case 2: return gather<uint16_t>(tensor, target);
    default: return gather<uint8_t>(tensor, target);
  }
}

void swap_bytes(std::byte* data, size_t bytes, size_t width) {
  for (size_t at = 0; at < bytes; at += width) std::reverse(data + at, data + at + width);
}

NamedTensor make_contiguous(const StoredTensor& tensor, size_t bytes) {
  const size_t width = dtype_size(tensor.dtype);
  const bool aligned = reinterpret_cast<uintptr_t>(tensor.first) % width == 0;
  if (aligned && !tensor.swapped && is_contiguous(tensor))
    return {tensor.name, tensor.dtype, tensor.shape, tensor.first, bytes, tensor.owner};
  auto data = allocate(bytes);
  gather_numbers(tensor, bytes, data.get());
  if (tensor.swapped) swap_bytes(data.get(), bytes, width);
  return {tensor.name, tensor.dtype, tensor.shape, data.get(), bytes, data};
}

NamedTensor cast(const NamedTensor& tensor, DType as) {
  const size_t count = tensor.bytes / dtype_size(tensor.dtype);
  auto wide = allocate(count * sizeof(float));
  float* numbers = reinterpret_cast<float*>(wide.get());
  if (count) widen_to_float(tensor.data, tensor.dtype, count, numbers);
  if (as == DType::kFloat32) return {tensor.name, as, tensor.shape, wide.get(), count * sizeof(float), wide};
  auto narrow = allocate(count * sizeof(uint16_t));
  uint16_t* halves = reinterpret_cast<uint16_t*>(narrow.get());
  for (size_t i = 0; i < count; ++i) halves[i] = float_to_half(numbers[i]);
  return {tensor.name, as, tensor.shape, narrow.get(), count * sizeof(uint16_t), narrow};
}

}  // namespace

std::vector<int64_t> row_major_strides(const std::vector<int64_t>& shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;)
    if (__builtin_mul_overflow(strides[i], shape[i], &strides[i - 1])) strides[i - 1] = INT64_MAX;  // view_storage refuses it
  return strides;
}

std::vector<int64_t> column_major_strides(const std::vector<int64_t>& shape) {
  std::vector<int64_t> reversed(shape.rbegin(), shape.rend());
  std::vector<int64_t> strides = row_major_strides(reversed);
  return {strides.rbegin(), strides.rend()};
}

StoredTensor view_storage(std::string name, const Storage& storage, int64_t offset, std::vector<int64_t> shape,
                          std::vector<int64_t> strides) {
  if (shape.size() > kMostDimensions || shape.size() != strides.size())
    wrong("a stride for each of at most 16 dimensions", name,
          std::to_string(strides.size()) + " for " + std::to_string(shape.size()));
  for (size_t i = 0; i < shape.size(); ++i)
    if (shape[i] < 0 || strides[i] < 0)
      wrong("no negative size or stride", name, show_shape(shape) + " with strides " + show_shape(strides));
  const size_t width = dtype_size(storage.dtype);
  const int64_t numbers = static_cast<int64_t>(storage.bytes.size / width);
  const auto bytes = tensor_bytes(shape, storage.dtype);
  if (!bytes || *bytes > storage.bytes.size)
    wrong("at most as many numbers as its storage has", name,
          "the shape " + show_shape(shape) + " in a storage of " + std::to_string(numbers));
  const auto last = *bytes == 0 ? std::optional<int64_t>(0) : last_index(offset, shape, strides);
  if (*bytes == 0) offset = 0;
  else if (offset < 0 || !last || *last >= numbers)
    wrong("numbers within its storage of " + std::to_string(numbers), name,
          "the shape " + show_shape(shape) + " with strides " + show_shape(strides) + " from " + std::to_string(offset));
  const std::byte* first = storage.bytes.data + static_cast<size_t>(offset) * width;
  return {std::move(name), storage.dtype, std::move(shape), std::move(strides), first, storage.swapped, storage.bytes.owner};
}

StoredTensor stored_tensor(NamedTensor tensor) {
  auto strides = row_major_strides(tensor.shape);
  return {std::move(tensor.name), tensor.dtype, std::move(tensor.shape), std::move(strides), tensor.data, false,
          std::move(tensor.owner)};
}

NamedTensor read_tensor(const StoredTensor& tensor, DType as) {
  const NamedTensor contiguous = make_contiguous(tensor, *tensor_bytes(tensor.shape, tensor.dtype));
  if (as == tensor.dtype) return contiguous;
  if (!is_floating(tensor.dtype)) wrong("floating-point numbers", tensor.name, dtype_name(tensor.dtype));
  return cast(contiguous, as);
}

}  // namespace mimdet
