// What the C library keeps of freed memory. Called once a model has been built or freed, now and then between passes and steps, and at rest.
#pragma once

namespace mimdet {

/// Hands freed memory back to the system: building a model frees as much as it keeps, in pieces between what stays, and the library
/// would hold them for good (150 MB for `base`). Does nothing where the C library is not glibc.
void give_back_free_memory();

}  // namespace mimdet
