// mimdet_parity DIR --pictures FOLDER [--json] [--skip-train] [--one-step]: compares every station with the reference data in DIR.
// `npm run parity -- DIR` decodes the pictures and calls it. Exit status 0 when all stations are equal, else 1.
#include <c10/core/InferenceMode.h>

#include <cstdio>
#include <cstring>
#include <exception>

#include "base/error.h"
#include "data_parity.h"
#include "model_parity.h"
#include "train_parity.h"

namespace {

using namespace mimdet::parity;

struct Arguments {
  Folder folder;
  bool json = false, train = true, ten_steps = true;
};

Arguments read_arguments(int count, char** arguments) {
  Arguments read;
  for (int i = 1; i < count; ++i) {
    if (!std::strcmp(arguments[i], "--json")) read.json = true;
    else if (!std::strcmp(arguments[i], "--skip-train")) read.train = false;
    else if (!std::strcmp(arguments[i], "--one-step")) read.ten_steps = false;
    else if (!std::strcmp(arguments[i], "--pictures") && i + 1 < count) read.folder.pictures = arguments[++i];
    else read.folder.folder = arguments[i];
  }
  return read;
}

void compare_model_folder(const Arguments& asked, Report& report) {
  const Folder& folder = asked.folder;
  {
    const c10::InferenceMode no_gradients;
    compare_model(folder, report);
  }
  if (asked.train && folder.has("train")) compare_train({folder.folder + "/train", folder.pictures + "/train"}, asked.ten_steps, report);
}

void compare_folder(const Arguments& asked, Report& report) {
  const Folder& folder = asked.folder;
  if (folder.has("forwards.json")) return compare_model_folder(asked, report);
  if (folder.has("step.safetensors")) return compare_train(folder, asked.ten_steps, report);
  if (folder.has("rle.json")) return compare_rle(folder, report);
  if (folder.has("schedule.json") || folder.has("drop_path.json") || folder.has("init.json") || folder.has("groups_base.json"))
    return compare_optimizer(folder, report);
  if (folder.has("cases.json") || folder.has("pixels.json") || folder.has("sizes.json")) return compare_resize(folder, report);
  mimdet::fail_expected(mimdet::ErrorCode::kInvalidArgument, "a folder of reference data", "DIR", folder.folder);
}

}  // namespace

int main(int count, char** arguments) {
  const Arguments read = read_arguments(count, arguments);
  Report report;
  try {
    compare_folder(read, report);
  } catch (const std::exception& error) {
    report.add_failure("everything after the rows above", error.what());
  }
  std::fputs((read.json ? report.json() : report.table()).c_str(), stdout);
  return report.all_equal() ? 0 : 1;
}
