// The resize against Pillow's bytes, and its two forms against one another.
#include "image/resize.h"

#include <algorithm>
#include <random>

#include "base/json.h"
#include "check.h"
#include "image/pictures.h"
#include "image/resize_rows.h"

using namespace mimdet;

namespace {

Json document(const char* folder, const char* file) { return Json::parse(test::read_file(test::golden(folder) + "/" + file)); }

int64_t unequal_bytes(const Image& a, const Image& b) {
  int64_t count = 0;
  for (size_t i = 0; i < a.rgb.size(); ++i) count += a.rgb[i] != b.rgb[i];
  return count;
}

void check_picture(const std::string& input, const std::string& output) {
  const Image expected = test::picture(output);
  const Image resized = resize_bilinear(test::picture(input).view(), expected.size);
  CHECK(resized.size == expected.size);
  if (unequal_bytes(resized, expected) != 0) test::report_failure(__FILE__, __LINE__, input + " differs from " + output);
}

std::vector<uint8_t> noise(int64_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<uint8_t> bytes(count);
  // Extremes are frequent: they are where a sum could leave 8 bits.
  for (uint8_t& byte : bytes) byte = random() % 4 == 0 ? 255 : random() % 4 == 0 ? 0 : static_cast<uint8_t>(random());
  return bytes;
}

}  // namespace

TEST("resize: the shortest-edge rule, where a side that vanishes becomes 1") {
  for (const char* folder : {"resize", "resize/more"}) {
    if (test::golden(folder).empty()) return test::report_skip("no reference data");
    const Json table = document(folder, "sizes.json");
    const Json* rows = table.find("rows") ? table.find("rows") : &table;
    rows = rows->is_array() ? rows : table.find("cases");
    for (const Json& row : rows->array()) {
      const auto number = [&](size_t i) { return row.array()[i].integer(); };
      const SizeHw expected{std::max<int64_t>(1, number(4)), std::max<int64_t>(1, number(5))};
      CHECK(shortest_edge_size({number(0), number(1)}, number(2), number(3)) == expected);
    }
  }
}

TEST("resize: Pillow's bytes") {
  if (!test::have_pictures()) return;
  const Json cases = document("resize", "cases.json");
  for (const Json& item : cases.array())
    check_picture("resize/" + item.at("input").string(), "resize/" + item.at("output").string());
  const Json more = document("resize/more", "pixels.json");
  for (const Json& item : more.at("cases").array()) {
    const std::string name = "resize/more/pixels/" + item.at("name").string();
    check_picture(name + ".in.png", name + ".out.png");
  }
}

TEST("resize: a picture of one colour keeps it") {
  const std::vector<uint8_t> white(31 * 57 * 3, 255);
  for (const SizeHw size : {SizeHw{7, 11}, {200, 3}, {31, 90}, {64, 57}, {1, 1}}) {
    const Image resized = resize_bilinear({white.data(), {31, 57}}, size);
    CHECK_EQUAL(std::count(resized.rgb.begin(), resized.rgb.end(), 255), size.height * size.width * 3);
  }
}

TEST("resize: the processor's own kernels give the bytes of the plain ones") {
  const int64_t length = 301;
  const std::vector<uint8_t> row = noise(length * 3 + kRowSlack, 1);
  for (const int64_t out_length : {1, 2, 17, 100, 300, 301, 302, 900}) {
    const AxisWeights axis = triangle_weights(length, out_length);
    std::vector<uint8_t> plain(out_length * 3), own(out_length * 3);
    plain_row_kernels().filter_row(row.data(), axis, plain.data());
    row_kernels().filter_row(row.data(), axis, own.data());
    CHECK(own == plain);
    std::vector<const uint8_t*> rows;
    for (int64_t k = 0; k < axis.count[0]; ++k) rows.push_back(row.data() + k);
    for (const int64_t bytes : {1, 31, 32, 33, 100, 555}) {
      std::vector<uint8_t> plain_blend(bytes), own_blend(bytes);
      plain_row_kernels().blend_rows(rows.data(), axis, 0, bytes, plain_blend.data());
      row_kernels().blend_rows(rows.data(), axis, 0, bytes, own_blend.data());
      CHECK(own_blend == plain_blend);
    }
  }
}

TEST("resize: reads no byte beyond the picture") {
  // The picture ends where its allocation ends: a sanitizer sees a read behind it, and the bytes must not depend on what lies
  // there.
  for (const SizeHw from : {SizeHw{1, 1}, {1, 5}, {2, 3}, {9, 1}, {3, 40}}) {
    const std::vector<uint8_t> exact = noise(from.height * from.width * 3, 2);
    std::vector<uint8_t> roomy = exact;
    roomy.resize(exact.size() + 256, 99);
    for (const SizeHw to : {SizeHw{1, 1}, {4, 7}, {1, 30}, {20, 2}})
      CHECK_EQUAL(unequal_bytes(resize_bilinear({exact.data(), from}, to), resize_bilinear({roomy.data(), from}, to)), 0);
  }
}

TEST("resize: empty pictures, sizes and limits are refused") {
  const uint8_t pixel[3] = {1, 2, 3};
  CHECK_FAILS(resize_bilinear({pixel, {0, 1}}, {2, 2}), ErrorCode::kInvalidArgument, "for `picture` but received 0 x 1");
  CHECK_FAILS(resize_bilinear({pixel, {1, 1}}, {2, -1}), ErrorCode::kInvalidArgument, "for `size` but received 2 x -1");
  CHECK_FAILS(shortest_edge_size({5, 5}, 0, 10), ErrorCode::kInvalidArgument, "`minSize`");
  CHECK_FAILS(shortest_edge_size({5, 5}, 10, 0), ErrorCode::kInvalidArgument, "`maxSize`");
}
