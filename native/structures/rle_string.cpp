// RleMask as COCO's compressed string: each run as the difference to the run before the last one, in groups of characters
// 48 … 111 that carry 5 bits each, lowest first, bit 0x20 where more follow, the last one's bit 0x10 being the sign.
#include <string>

#include "base/error.h"
#include "structures/rle_mask.h"

namespace mimdet {
namespace {

constexpr int kMaxGroup = 12;  // characters: 60 bits, far beyond any run, and no shift overflows

[[noreturn]] void refuse(const std::string& received) {
  fail_expected(ErrorCode::kInvalidArgument, "COCO's compressed run lengths", "counts", received);
}

// The number that starts at `at`, which moves behind it.
int64_t read_group(std::string_view counts, size_t& at) {
  int64_t value = 0;
  for (int length = 0; length < kMaxGroup; ++length) {
    if (at == counts.size()) refuse("a text that ends in the middle of a number");
    const int bits = static_cast<unsigned char>(counts[at]) - 48;
    if (bits < 0 || bits > 63) refuse("a character outside 48 to 111 at place " + std::to_string(at));
    ++at;
    value |= static_cast<int64_t>(bits & 0x1f) << (5 * length);
    if (bits & 0x20) continue;
    return bits & 0x10 ? value - (int64_t{1} << (5 * (length + 1))) : value;
  }
  refuse("a number of more than " + std::to_string(kMaxGroup) + " characters at place " + std::to_string(at - kMaxGroup));
}

char* write_group(char* out, int64_t value) {
  for (;;) {
    const int bits = value & 0x1f;
    value >>= 5;
    const bool last = bits & 0x10 ? value == -1 : value == 0;
    *out++ = static_cast<char>(48 + (last ? bits : bits | 0x20));
    if (last) return out;
  }
}

}  // namespace

RleMask rle_from_string(SizeHw size, std::string_view counts) {
  check_mask_size(size);
  const int64_t pixels = size.height * size.width;
  std::vector<uint32_t> runs;
  runs.reserve(counts.size());
  int64_t sum = 0;
  for (size_t at = 0; at < counts.size();) {
    int64_t run = read_group(counts, at);
    if (runs.size() > 2) run += runs[runs.size() - 2];
    if (run < 0) refuse("a negative run before place " + std::to_string(at));
    if (run > pixels - sum) refuse("runs past the picture's " + std::to_string(pixels) + " pixels before place " + std::to_string(at));
    sum += run;
    runs.push_back(static_cast<uint32_t>(run));
  }
  if (sum != pixels) refuse("runs of " + std::to_string(sum) + " pixels for a picture of " + std::to_string(pixels));
  return {size.height, size.width, std::move(runs)};
}

std::string rle_to_string(const RleMask& mask) {
  std::string text(mask.runs.size() * 7, '\0');  // a difference of two 32-bit runs takes at most 7 characters
  char* out = text.data();
  for (size_t i = 0; i < mask.runs.size(); ++i)
    out = write_group(out, static_cast<int64_t>(mask.runs[i]) - (i > 2 ? static_cast<int64_t>(mask.runs[i - 2]) : 0));
  text.resize(out - text.data());
  return text;
}

}  // namespace mimdet
