// The container alone: what is read is what was written, and no header is believed.
#include "weights/safetensors.h"

#include <cstring>
#include <filesystem>
#include <fstream>

#include "check.h"
#include "weights/weights_testing.h"

namespace mimdet::test {
namespace {

std::string file_of(const std::string& header, size_t data_bytes) {
  uint64_t length = header.size();
  std::string text(8, '\0');
  std::memcpy(text.data(), &length, 8);
  return text + header + std::string(data_bytes, '\1');
}

void expect_refusal(const std::string& header, size_t data_bytes, const std::string& part) {
  CHECK_FAILS(read_safetensors(bytes_of(file_of(header, data_bytes))), ErrorCode::kWeights, part);
}

TEST("safetensors: what is written is read again, with metadata and every dtype") {
  const TemporaryFolder folder;
  const std::string path = folder.path("round.safetensors");
  std::vector<NamedTensor> tensors;
  for (DType dtype :
       {DType::kFloat32, DType::kFloat16, DType::kBFloat16, DType::kFloat64, DType::kInt64, DType::kUInt8, DType::kBool})
    tensors.push_back(tensor_of(std::string("t.") + dtype_name(dtype), dtype, {2, 3}));
  tensors.push_back(tensor_of("scalar", DType::kFloat32, {}));
  tensors.push_back(tensor_of("empty", DType::kFloat32, {0, 4}));
  const Metadata metadata = {{"format", "mimdet"}, {"note", "a \"quote\", a line\nand ü"}};
  write_safetensors(path, tensors, metadata);

  const Safetensors read = read_safetensors(path);
  CHECK(read.metadata == metadata);
  CHECK_EQUAL(read.tensors.size(), tensors.size());
  for (const NamedTensor& expected : tensors) {
    const NamedTensor* found = find_tensor(read.tensors, expected.name);
    CHECK(found && found->dtype == expected.dtype && found->shape == expected.shape);
    CHECK(found && found->bytes == expected.bytes && same_bytes(*found, expected));
    CHECK(found && reinterpret_cast<uintptr_t>(found->data) % dtype_size(found->dtype) == 0);
  }
  CHECK_EQUAL(std::distance(std::filesystem::directory_iterator(folder.path("")), {}), 1);  // nothing temporary is left
}

TEST("safetensors: a writer that is not committed leaves nothing, and the old file stays") {
  const TemporaryFolder folder;
  const std::string path = folder.path("kept.safetensors");
  const NamedTensor tensor = tensor_of("a", DType::kFloat32, {2});
  write_safetensors(path, {tensor}, {});
  {
    SafetensorsWriter writer(path, {{"b", DType::kFloat32, {4}}}, {});
    writer.append(tensor.data, tensor.bytes);
    CHECK_FAILS(writer.commit(), ErrorCode::kInternal, "announced 16");
  }
  CHECK_EQUAL(read_safetensors(path).tensors.at(0).name, "a");
  CHECK_EQUAL(std::distance(std::filesystem::directory_iterator(folder.path("")), {}), 1);
}

TEST("safetensors: what a killed process of the same number has left behind does not stop a later one") {
  const TemporaryFolder folder;
  const std::string path = folder.path("file");
  std::string own;
  {
    const SafetensorsWriter writer(path, {{"a", DType::kFloat32, {1}}}, {});
    own = std::filesystem::directory_iterator(folder.path(""))->path().filename().string();  // file.PROCESS-COUNT.partial
  }
  const size_t dash = own.rfind('-');
  const int count = std::stoi(own.substr(dash + 1));
  for (int next = count + 1; next < count + 4; ++next) std::ofstream(folder.path(own.substr(0, dash + 1) + std::to_string(next) + ".partial"));
  write_safetensors(path, {tensor_of("a", DType::kFloat32, {2})}, {});
  CHECK_EQUAL(read_safetensors(path).tensors.at(0).name, "a");
}

TEST("safetensors: a folder that is not there is an error with the path") {
  CHECK_FAILS(write_safetensors("/no/such/folder/x.safetensors", {}, {}), ErrorCode::kWeights, "/no/such/folder/x.safetensors");
}

TEST("safetensors: headers that lie are refused by name") {
  const std::string good = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  CHECK_EQUAL(read_safetensors(bytes_of(file_of(good, 8))).tensors.size(), 1u);
  expect_refusal(good, 7, "`a`");
  expect_refusal(good, 9, "1 bytes of no tensor");
  expect_refusal(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", 8, "`a`");
  expect_refusal(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", 8, "[3]");
  expect_refusal(R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", 8, "at least 0");
  expect_refusal(R"({"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}})", 0, "`a`");
  expect_refusal(R"({"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}})", 8, "integer");
  expect_refusal(R"({"a":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}})", 8, "F31");
  expect_refusal(R"({"a":{"dtype":"F32","data_offsets":[0,8]}})", 8, "shape");
  expect_refusal(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
                 8, "twice");
  expect_refusal(
      R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})", 12,
      "`b`");
  expect_refusal(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
                 8, "`a`");
  expect_refusal(R"({"__metadata__":{"a":1}})", 0, "string");
  expect_refusal(R"({"__metadata__":{"a":"1","a":"2"}})", 0, "twice");
  expect_refusal("[]", 0, "safetensors");
  expect_refusal("{", 0, "safetensors");
  expect_refusal(R"({"a":)" + std::string(100000, '[') + "}", 0, "safetensors");
  expect_refusal("", 0, "safetensors");
  CHECK_FAILS(read_safetensors(bytes_of("abc")), ErrorCode::kWeights, "cut short");
  CHECK_FAILS(read_safetensors(bytes_of(std::string(8, '\xff') + "{}")), ErrorCode::kWeights, "header");
}

TEST("safetensors: a tensor that does not lie on a multiple of its size is handed out aligned") {
  const Safetensors read = read_safetensors(bytes_of(file_of(
      R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"F32","shape":[1],"data_offsets":[1,5]}})", 5)));
  const NamedTensor* b = find_tensor(read.tensors, "b");
  CHECK(b && reinterpret_cast<uintptr_t>(b->data) % 4 == 0 && b->bytes == 4 && b->data[3] == std::byte{1});
}

}  // namespace
}  // namespace mimdet::test
