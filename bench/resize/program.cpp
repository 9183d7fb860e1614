// mimdet_bench_resize IN.ppm HEIGHT WIDTH OUT: resizes IN once a line; OUT gets the bytes of the result.
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

#include "image/resize.h"
#include "one_run_a_line.h"

namespace {

mimdet::Image read_ppm(const char* path) {
  std::ifstream file(path, std::ios::binary);
  std::string magic;
  int most = 0;
  mimdet::Image image;
  file >> magic >> image.size.width >> image.size.height >> most;
  file.get();
  image.rgb.assign(std::istreambuf_iterator<char>(file), {});
  if (magic != "P6" || static_cast<int64_t>(image.rgb.size()) != image.size.height * image.size.width * 3) std::exit(2);
  return image;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 5) return 2;
  const mimdet::Image picture = read_ppm(arguments[1]);
  const mimdet::SizeHw size{std::atoll(arguments[2]), std::atoll(arguments[3])};
  mimdet::Image result = mimdet::resize_bilinear(picture.view(), size);
  std::ofstream(arguments[4], std::ios::binary)
      .write(reinterpret_cast<const char*>(result.rgb.data()), static_cast<int64_t>(result.rgb.size()));
  mimdet::bench::one_run_a_line([&] { result = mimdet::resize_bilinear(picture.view(), size); });
}
