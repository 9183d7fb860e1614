// Names of tensors chosen by a pattern. Used by param_groups (freezing).
#pragma once

#include <string_view>

namespace mimdet {

/// With `*` (any text) or `?` (any one byte) the pattern is the whole name, without it is the beginning of the name. Takes time linear in
/// name × pattern at most.
bool matches(std::string_view name, std::string_view pattern);

}  // namespace mimdet
