#include "addon/errors.h"

#include <new>
#include <string>

#include "base/error.h"

namespace mimdet {
namespace {

Napi::Value make(Napi::Env env, const char* code, const std::string& message) {
  const Napi::Error error = Napi::Error::New(env, message);
  error.Value().Set("code", code);
  return error.Value();
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }  // c10's go on with a backtrace

}  // namespace

Napi::Value to_js_error(Napi::Env env, const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& known) {
    return make(env, code_name(known.code()), known.what());
  } catch (const Cancelled& cancelled) {
    return make(env, "CANCELLED", cancelled.what());
  } catch (const std::bad_alloc&) {
    return make(env, code_name(ErrorCode::kOutOfMemory), "The machine has no memory left for this");
  } catch (const std::exception& other) {
    return make(env, code_name(ErrorCode::kInternal), first_line(other.what()));
  } catch (...) {
    return make(env, code_name(ErrorCode::kInternal), "Something unknown was thrown");
  }
}

}  // namespace mimdet
