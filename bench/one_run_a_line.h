// The C++ side of an alternating bench: reads a line, runs once, answers with the milliseconds. The Python side decides whose
// turn it is.
#pragma once

#include <chrono>
#include <cstdio>
#include <functional>
#include <iostream>
#include <string>

namespace mimdet::bench {

inline void one_run_a_line(const std::function<void()>& run) {
  for (std::string line; std::getline(std::cin, line);) {
    const auto start = std::chrono::steady_clock::now();
    run();
    const std::chrono::duration<double, std::milli> passed = std::chrono::steady_clock::now() - start;
    std::printf("%.6f\n", passed.count());
    std::fflush(stdout);
  }
}

}  // namespace mimdet::bench
