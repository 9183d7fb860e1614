// A test is a function that describes one behaviour:
//
//   TEST("encode_rle: an empty picture has one run") { CHECK_EQUAL(encode(...).runs.size(), 1u); }
//
// A failed CHECK names file, line and values, and the test goes on. `mimdet_tests [part of a name]` runs them.
#pragma once

#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "base/error.h"

namespace mimdet::test {

struct Case {
  std::string name;
  std::function<void()> body;
};

std::vector<Case>& cases();
void report_failure(const char* file, int line, const std::string& what);
void report_skip(const std::string& why);  // counts the running test as skipped, and says why

/// Folder with reference data of that name ("micro", "rle/more", …): the shared one where it is there, else the copy in the repo; "" if neither.
std::string golden(const std::string& name);
std::string read_file(const std::string& path);

struct Registration {
  Registration(const char* name, std::function<void()> body) { cases().push_back({name, std::move(body)}); }
};

template <class T>
std::string show(const T& value) {
  std::ostringstream out;
  if constexpr (requires { out << value; }) out << value;
  else out << "(a value that cannot be shown)";
  return out.str();
}

template <class A, class B>
void check_equal(const A& actual, const B& expected, const char* text, const char* file, int line) {
  if (!(actual == expected)) report_failure(file, line, std::string(text) + ": received " + show(actual) + ", expected " + show(expected));
}

template <class F>
void check_fails(F body, ErrorCode code, const std::string& part, const char* file, int line) {
  try {
    body();
  } catch (const Error& error) {
    if (error.code() != code) report_failure(file, line, std::string("code is ") + code_name(error.code()) + ": " + error.what());
    if (std::string(error.what()).find(part) == std::string::npos)
      report_failure(file, line, "message \"" + std::string(error.what()) + "\" does not contain \"" + part + "\"");
    return;
  }
  report_failure(file, line, std::string("nothing was thrown, expected ") + code_name(code));
}

}  // namespace mimdet::test

#define MIMDET_JOIN2(a, b) a##b
#define MIMDET_JOIN(a, b) MIMDET_JOIN2(a, b)
#define TEST(name)                                                                                              \
  static void MIMDET_JOIN(test_body_, __LINE__)();                                                              \
  static ::mimdet::test::Registration MIMDET_JOIN(test_case_, __LINE__)(name, MIMDET_JOIN(test_body_, __LINE__)); \
  static void MIMDET_JOIN(test_body_, __LINE__)()
#undef CHECK  // LibTorch has one of that name
#define CHECK(condition) \
  do { if (!(condition)) ::mimdet::test::report_failure(__FILE__, __LINE__, #condition); } while (false)
#define CHECK_EQUAL(actual, expected) ::mimdet::test::check_equal((actual), (expected), #actual, __FILE__, __LINE__)
/// The statement throws an Error of that code whose message contains `part`.
#define CHECK_FAILS(statement, code, part) \
  ::mimdet::test::check_fails([&] { statement; }, (code), (part), __FILE__, __LINE__)
