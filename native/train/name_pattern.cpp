// See name_pattern.h.
#include "train/name_pattern.h"

#include <cstddef>

namespace mimdet {

bool matches(std::string_view name, std::string_view pattern) {
  if (pattern.find_first_of("*?") == std::string_view::npos) return name.starts_with(pattern);
  constexpr size_t kNone = std::string_view::npos;
  size_t n = 0, p = 0, star = kNone, resume = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++n, ++p;
    } else if (star != kNone) {  // let the last star take one byte more
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace mimdet
