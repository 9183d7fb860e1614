// Reference pictures for the tests, from the PPM files that test/golden-pictures.ts writes: MIMDET_TEST_PICTURES/<golden
// folder>/<name>.ppm.
#pragma once

#include <string>

#include "structures/image_view.h"

namespace mimdet::test {

/// Whether there are any; reports a skip where not.
bool have_pictures();

/// "resize/photo0_in.png". Fails where it is missing or no 8-bit P6 picture.
Image picture(const std::string& name);

}  // namespace mimdet::test
