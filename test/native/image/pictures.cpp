#include "image/pictures.h"

#include <cstdlib>
#include <sstream>

#include "check.h"

namespace mimdet::test {

bool have_pictures() {
  const bool have = std::getenv("MIMDET_TEST_PICTURES") != nullptr;
  if (!have) report_skip("MIMDET_TEST_PICTURES names no folder of decoded pictures");
  return have;
}

Image picture(const std::string& name) {
  const std::string bytes = read_file(std::string(std::getenv("MIMDET_TEST_PICTURES")) + "/" + name + ".ppm");
  std::istringstream header(bytes);
  std::string magic;
  Image image;
  int most = 0;
  header >> magic >> image.size.width >> image.size.height >> most;
  const size_t start = static_cast<size_t>(header.tellg()) + 1, count = image.size.height * image.size.width * 3;
  if (magic != "P6" || most != 255 || bytes.size() != start + count)
    fail(ErrorCode::kInternal, name + ".ppm is no 8-bit P6 picture");
  image.rgb.assign(bytes.begin() + static_cast<std::ptrdiff_t>(start), bytes.end());
  return image;
}

}  // namespace mimdet::test
