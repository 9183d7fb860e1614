// Folders without stations of a model: resize, run lengths, optimizer.
#pragma once

#include "report.h"
#include "stored.h"

namespace mimdet::parity {

void compare_resize(const Folder& folder, Report& report);
void compare_rle(const Folder& folder, Report& report);
void compare_optimizer(const Folder& folder, Report& report);

}  // namespace mimdet::parity
