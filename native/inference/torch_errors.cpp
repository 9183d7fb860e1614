#include "inference/torch_errors.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <array>
#include <new>
#include <string>

#include "base/error.h"

namespace mimdet {
namespace {

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

/// LibTorch's allocators throw an OutOfMemoryError. Not so its default one for the CPU (which the arena replaces, but for sanitizers), the libraries
/// of a GPU, nor a kernel's code that finds no room on it.
bool tells_of_memory(const std::string& message) {
  constexpr std::array kWords = {"can't allocate memory", "not enough memory", "out of memory", "ALLOC_FAILED"};
  return std::ranges::any_of(kWords, [&](const char* words) { return message.find(words) != std::string::npos; });
}

std::exception_ptr make(ErrorCode code, const std::string& message) { return std::make_exception_ptr(Error(code, message)); }

}  // namespace

std::exception_ptr current_error() noexcept {
  try {
    throw;
  } catch (const Error&) {
    return std::current_exception();
  } catch (const Cancelled&) {
    return std::current_exception();
  } catch (const c10::OutOfMemoryError& error) {
    return make(ErrorCode::kOutOfMemory, first_line(error.what_without_backtrace()));
  } catch (const c10::Error& error) {
    const std::string line = first_line(error.what_without_backtrace());
    return make(tells_of_memory(line) ? ErrorCode::kOutOfMemory : ErrorCode::kInternal, line);
  } catch (const std::bad_alloc&) {
    return make(ErrorCode::kOutOfMemory, "The machine has no memory left for this");
  } catch (const std::exception& error) {
    return make(ErrorCode::kInternal, first_line(error.what()));
  } catch (...) {
    return make(ErrorCode::kInternal, "Something unknown was thrown");
  }
}

bool is_out_of_memory(const std::exception_ptr& error) noexcept {
  try {
    std::rethrow_exception(error);
  } catch (const Error& known) {
    return known.code() == ErrorCode::kOutOfMemory;
  } catch (...) {
    return false;
  }
}

}  // namespace mimdet
