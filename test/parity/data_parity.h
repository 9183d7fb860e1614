// Folders without a model: resize, run lengths.
#pragma once

#include "report.h"
#include "stored.h"

namespace mimdet::parity {

void compare_resize(const Folder& folder, Report& report);
void compare_rle(const Folder& folder, Report& report);

}  // namespace mimdet::parity
