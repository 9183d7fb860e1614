// golden/resize and golden/resize/more: the shortest-edge rule, and pixels equal to Pillow's byte for byte.
#include <algorithm>

#include "data_parity.h"
#include "image/resize.h"

namespace mimdet::parity {
namespace {

double count_unequal_bytes(const Image& a, const Image& b) {
  if (!(a.size == b.size)) return static_cast<double>(b.rgb.size());
  double unequal = 0;
  for (size_t i = 0; i < a.rgb.size(); ++i) unequal += a.rgb[i] != b.rgb[i];
  return unequal;
}

void compare_sizes(const Json& table, Report& report) {
  const Json* rows = table.find("rows") ? table.find("rows") : table.find("cases");
  for (const Json& row : rows->array()) {
    const auto number = [&](size_t i) { return row.array().at(i).integer(); };
    // Where the rule gives 0 the reference fails; we take 1.
    const SizeHw expected = {std::max<int64_t>(1, number(4)), std::max<int64_t>(1, number(5))};
    report.add("sizes.json", shortest_edge_size({number(0), number(1)}, number(2), number(3)) == expected ? 0 : 1, 0);
  }
}

void compare_picture(const Folder& folder, const std::string& input, const std::string& output, Report& report) {
  const Image expected = folder.picture(output);
  report.add(input, count_unequal_bytes(resize_bilinear(folder.picture(input).view(), expected.size), expected), 0);
}

}  // namespace

void compare_resize(const Folder& folder, Report& report) {
  if (folder.has("sizes.json")) compare_sizes(folder.json("sizes.json"), report);
  if (folder.has("cases.json")) {
    const Json cases = folder.json("cases.json");
    for (const Json& item : cases.array()) compare_picture(folder, item.at("input").string(), item.at("output").string(), report);
  }
  if (folder.has("pixels.json")) {
    const Json pixels = folder.json("pixels.json");
    for (const Json& item : pixels.at("cases").array()) {
      const std::string name = "pixels/" + item.at("name").string();
      compare_picture(folder, name + ".in.png", name + ".out.png", report);
    }
  }
}

}  // namespace mimdet::parity
