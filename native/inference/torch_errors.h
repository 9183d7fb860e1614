// LibTorch's exceptions as our own. Everything that runs on the compute thread ends here when it fails.
#pragma once

#include <exception>

namespace mimdet {

/// To be called in a catch block: the exception in flight as Error or Cancelled. Running out of memory becomes kOutOfMemory,
/// anything else of LibTorch kInternal with the first line of its message (the rest is a backtrace).
std::exception_ptr current_error() noexcept;

/// Whether it says that there was no memory, the machine's or a GPU's.
bool is_out_of_memory(const std::exception_ptr& error) noexcept;

}  // namespace mimdet
