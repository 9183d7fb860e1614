// See check_weights.h.
#include "weights/check_weights.h"

#include <algorithm>
#include <unordered_map>

#include "base/error.h"
#include "weights/file_bytes.h"
#include "weights/float_formats.h"

namespace mimdet {
namespace {

constexpr const char* kFirstVersionsOwn = "backbone.bottom_up.decoder.mask_token";

struct Differences {
  std::vector<std::string> missing, unexpected, misshapen;
};

Differences compare(const std::vector<ExpectedTensor>& expected, const std::vector<TensorSpec>& found) {
  Differences differences;
  std::unordered_map<std::string_view, const TensorSpec*> left;
  for (const TensorSpec& tensor : found)
    if (!is_ignored_tensor(tensor.name) && !left.emplace(tensor.name, &tensor).second)
      fail_expected(ErrorCode::kWeights, "each name once", "weights", "`" + show_name(tensor.name) + "` twice");
  for (const ExpectedTensor& tensor : expected) {
    const auto match = left.find(tensor.name);
    if (match == left.end()) {
      differences.missing.push_back(tensor.name);
      continue;
    }
    const TensorSpec& candidate = *match->second;
    if (candidate.shape != tensor.shape)
      differences.misshapen.push_back(tensor.name + " is " + show_shape(candidate.shape) + " in place of " +
                                      show_shape(tensor.shape));
    else if (!is_floating(candidate.dtype))
      differences.misshapen.push_back(tensor.name + " holds " + dtype_name(candidate.dtype) +
                                      " in place of floating-point numbers");
    left.erase(match);
  }
  for (const TensorSpec& tensor : found)
    if (left.contains(tensor.name)) differences.unexpected.push_back(show_name(tensor.name));
  return differences;
}

void add_list(std::string& text, const char* what, const std::vector<std::string>& names) {
  if (names.empty()) return;
  text += (text.empty() ? "" : "; ") + std::to_string(names.size()) + " " + what + " (" + show_names(names) + ")";
}

[[noreturn]] void refuse_first_version(const std::vector<TensorSpec>& found) {
  const std::string projection = "backbone.bottom_up.decoder.conv_feat_proj";
  const bool lacks =
      std::none_of(found.begin(), found.end(), [&](const TensorSpec& t) { return t.name.starts_with(projection); });
  fail_expected(ErrorCode::kWeights, "a checkpoint of MIMDet's second version", "weights",
                std::string("one of its first version, which is another model: it has `") + kFirstVersionsOwn + "`" +
                    (lacks ? " and lacks `" + projection + ".weight` and `" + projection + ".bias`" : ""));
}

}  // namespace

std::string show_names(const std::vector<std::string>& names) {
  constexpr size_t kShown = 10;
  std::string text;
  for (size_t i = 0; i < names.size() && i < kShown; ++i) text += (i ? ", " : "") + names[i];
  if (names.size() > kShown) text += ", and " + std::to_string(names.size() - kShown) + " more";
  return text;
}

bool is_first_version(const std::vector<TensorSpec>& found) {
  return std::any_of(found.begin(), found.end(), [](const TensorSpec& tensor) { return tensor.name == kFirstVersionsOwn; });
}

void check_tensors(const std::vector<ExpectedTensor>& expected, const std::vector<TensorSpec>& found) {
  if (is_first_version(found)) refuse_first_version(found);
  const Differences differences = compare(expected, found);
  std::string text;
  add_list(text, "missing", differences.missing);
  add_list(text, "unexpected", differences.unexpected);
  add_list(text, "misshapen", differences.misshapen);
  if (text.empty()) return;
  fail_expected(ErrorCode::kWeights, "the " + std::to_string(expected.size()) + " tensors of the configuration's model",
                "weights", "others: " + text);
}

void check_finite(const std::vector<NamedTensor>& tensors) {
  std::vector<std::string> names;
  for (const NamedTensor& tensor : tensors) {
    if (const auto index = find_non_finite(tensor)) names.push_back(tensor.name + " at index " + std::to_string(*index));
    drop_pages(tensor.data, tensor.bytes);
  }
  if (!names.empty())
    fail_expected(ErrorCode::kWeights, "finite numbers", "weights",
                  "NaN or infinity in " + std::to_string(names.size()) + (names.size() == 1 ? " tensor: " : " tensors: ") +
                      show_names(names));
}

}  // namespace mimdet
