// The one error type of the native code. `addon/errors.cpp` is the only place that turns it into a JavaScript error.
#pragma once

#include <stdexcept>
#include <string>

namespace mimdet {

enum class ErrorCode {
  kInvalidArgument,
  kDecode,
  kWeights,
  kDataset,
  kDevice,
  kOutOfMemory,
  kDiverged,
  kDisposed,
  kQueueFull,
  kDeadline,
  kInternal,
};

/// The stable name that users see, such as "ERR_MIMDET_WEIGHTS".
const char* code_name(ErrorCode code);

class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ErrorCode code() const { return code_; }

 private:
  ErrorCode code_;
};

/// Thrown out of a running forward pass whose caller has gone; the reason belongs to the caller, so there is no code.
class Cancelled : public std::runtime_error {
 public:
  Cancelled() : std::runtime_error("cancelled") {}
};

[[noreturn]] void fail(ErrorCode code, const std::string& message);

/// The one shape of a message: "Expected `what` for `name` but received `received`".
[[noreturn]] void fail_expected(ErrorCode code, const std::string& what, const std::string& name,
                                const std::string& received);

}  // namespace mimdet
