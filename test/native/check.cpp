// Runs the tests that check.h registers and prints a line for each that fails, then the sum.
#include "check.h"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>

#include "inference/tensor_memory.h"

namespace mimdet::test {
namespace {
int failures_in_test = 0;
bool skipped = false;
}  // namespace

std::vector<Case>& cases() {
  static std::vector<Case> all;
  return all;
}

void report_failure(const char* file, int line, const std::string& what) {
  ++failures_in_test;
  if (failures_in_test <= 10) std::printf("  %s:%d: %s\n", file, line, what.c_str());
}

void report_skip(const std::string& why) {
  skipped = true;
  std::printf("  skipped: %s\n", why.c_str());
}

std::string golden(const std::string& name) {
  for (const char* root : {MIMDET_SOURCE_DIR "/../shared/golden/", MIMDET_SOURCE_DIR "/test/golden/"})
    if (std::filesystem::exists(root + name)) return root + name;
  return "";
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) fail(ErrorCode::kInternal, "cannot read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace mimdet::test

int main(int count, char** arguments) {
  using namespace mimdet::test;
  mimdet::use_arena_for_tensors();
  int passed = 0, failed = 0, left_out = 0;
  for (const Case& test : cases()) {
    if (count > 1 && test.name.find(arguments[1]) == std::string::npos) continue;
    failures_in_test = 0;
    skipped = false;
    try {
      test.body();
    } catch (const std::exception& error) {
      report_failure("uncaught", 0, error.what());
    }
    if (failures_in_test) std::printf("FAILED %s\n", test.name.c_str());
    ++(failures_in_test ? failed : skipped ? left_out : passed);
  }
  std::printf("%d passed, %d failed, %d skipped\n", passed, failed, left_out);
  return failed || passed == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
