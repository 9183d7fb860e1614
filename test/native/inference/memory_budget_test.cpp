#include "inference/memory_budget.h"

#include <fstream>

#include "base/system_memory.h"
#include "check.h"
#include "inference/device_memory.h"

using namespace mimdet;
namespace fs = std::filesystem;

namespace {

/// A machine's files in a folder of the test's own: so many kilobytes in all, and what `groups` adds.
class Machine {
 public:
  explicit Machine(const std::string& name) : folder_(fs::temp_directory_path() / ("mimdet_memory_" + name + std::to_string(getpid()))) {
    write("proc/meminfo", "MemTotal: 9999 kB\nMemAvailable:  8000 kB\n");
  }
  ~Machine() { fs::remove_all(folder_); }

  void write(const fs::path& file, const std::string& text) const {
    fs::create_directories((folder_ / file).parent_path());
    std::ofstream(folder_ / file) << text;
  }
  double available() const { return available_memory({folder_ / "proc", folder_ / "groups"}).value(); }

 private:
  fs::path folder_;
};

}  // namespace

TEST("memory_budget: base at 800 x 1333 needs about a gigabyte, and grows with the area") {
  const double once = forward_bytes(preset("base"), {800, 1344}, 100), twice = forward_bytes(preset("base"), {1600, 1344}, 100);
  CHECK(once > 0.5e9 && once < 2e9);
  CHECK(twice > 1.7 * once && twice < 2 * once);
}

TEST("memory_budget: what fits passes, what cannot is refused with both figures") {
  CHECK(available_memory().value() > 0);
  check_memory(preset("tiny"), {384, 640}, {});
  CHECK_FAILS(check_memory(preset("base"), {1 << 20, 1 << 20}, {}), ErrorCode::kOutOfMemory, "1048576 x 1048576 pixels");
}

TEST("memory_budget: what other views keep is counted") {
  CHECK(pyramid_bytes(preset("base"), {800, 1344}) < forward_bytes(preset("base"), {800, 1344}, 100) / 3);
  CHECK_FAILS(check_memory(preset("tiny"), {384, 640}, {.kept_bytes = 1e18}), ErrorCode::kOutOfMemory, "384");
}

TEST("memory_budget: a file that wants thousands of anchors at each place, or very wide masks, is counted for it") {
  ModelConfig many = preset("tiny"), wide = preset("tiny");
  many.rpn.anchor_sizes.assign(5, std::vector<double>(64, 32));
  many.rpn.anchor_ratios.assign(64, 1.0);
  wide.roi.mask_pool = 64;
  wide.roi.mask_conv_dim = 4096;
  const double usual = forward_bytes(preset("tiny"), {384, 640}, 100);
  CHECK(forward_bytes(many, {384, 640}, 100) > usual + 384. * 640 / 16 * 4096 * 9 * 4);
  CHECK_EQUAL(forward_bytes(wide, {384, 640}, 0), forward_bytes(preset("tiny"), {384, 640}, 0));
  CHECK(forward_bytes(wide, {384, 640}, 1 << 30) > 256. * 64 * 64 * 4096 * 4);
}

TEST("system_memory: the machine's own where no control group says less") {
  const Machine machine("alone");
  CHECK_EQUAL(machine.available(), 8000. * 1024);
}

TEST("system_memory: the least of the process's control group and those around it, page cache not counted") {
  const Machine machine("groups");
  machine.write("proc/self/cgroup", "0::/system.slice/mimdet.service\n");
  machine.write("groups/system.slice/memory.max", "5000000\n");
  machine.write("groups/system.slice/memory.current", "1000000\n");
  machine.write("groups/system.slice/mimdet.service/memory.max", "max\n");
  machine.write("groups/system.slice/mimdet.service/memory.current", "900000\n");
  CHECK_EQUAL(machine.available(), 4000000.);
  machine.write("groups/system.slice/mimdet.service/memory.max", "1000000\n");
  CHECK_EQUAL(machine.available(), 100000.);
  machine.write("groups/system.slice/mimdet.service/memory.stat", "anon 5\ninactive_file 50000\n");
  CHECK_EQUAL(machine.available(), 150000.);
}

TEST("system_memory: a group at its limit has nothing left, which is not the same as nobody knowing") {
  const Machine machine("full");
  machine.write("groups/memory.max", "1000\n");
  machine.write("groups/memory.current", "1000\n");
  CHECK_EQUAL(machine.available(), 0.);
}

TEST("system_memory: control groups of version 1, where a container sees its own group as the root") {
  const Machine machine("version1");
  machine.write("proc/self/cgroup", "7:cpu,memory:/docker/0123\n0::/docker/0123\n");
  machine.write("groups/memory/memory.limit_in_bytes", "3000\n");
  machine.write("groups/memory/memory.usage_in_bytes", "1000\n");
  CHECK_EQUAL(machine.available(), 2000.);
}
