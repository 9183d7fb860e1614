#include "inference/torch_errors.h"

#include <c10/util/Exception.h>

#include <new>
#include <string>

#include "base/error.h"

namespace mimdet {
namespace {

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

bool tells_of_memory(const std::string& message) {  // the CPU allocator throws a plain c10::Error
  return message.find("can't allocate memory") != std::string::npos || message.find("not enough memory") != std::string::npos;
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

}  // namespace mimdet
