// Names of the error codes and the one message shape.
#include "base/error.h"

namespace mimdet {

const char* code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument: return "ERR_MIMDET_INVALID_ARGUMENT";
    case ErrorCode::kDecode: return "ERR_MIMDET_DECODE";
    case ErrorCode::kWeights: return "ERR_MIMDET_WEIGHTS";
    case ErrorCode::kDataset: return "ERR_MIMDET_DATASET";
    case ErrorCode::kDevice: return "ERR_MIMDET_DEVICE";
    case ErrorCode::kOutOfMemory: return "ERR_MIMDET_OUT_OF_MEMORY";
    case ErrorCode::kDiverged: return "ERR_MIMDET_DIVERGED";
    case ErrorCode::kDisposed: return "ERR_MIMDET_DISPOSED";
    case ErrorCode::kQueueFull: return "ERR_MIMDET_QUEUE_FULL";
    case ErrorCode::kDeadline: return "ERR_MIMDET_DEADLINE";
    case ErrorCode::kInternal: return "ERR_MIMDET_INTERNAL";
  }
  return "ERR_MIMDET_INTERNAL";
}

void fail(ErrorCode code, const std::string& message) { throw Error(code, message); }

void fail_expected(ErrorCode code, const std::string& what, const std::string& name, const std::string& received) {
  throw Error(code, "Expected " + what + " for `" + name + "` but received " + received);
}

}  // namespace mimdet
