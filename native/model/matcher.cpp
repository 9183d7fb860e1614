// Compiled without contracted floating point: thresholds are compared with the bits of the reference.
// IoUs are made a row of one object and a block of boxes at a time and never kept all: 270,000 anchors and 300 objects would be 324 MB.
#include "model/matcher.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <vector>

#include "base/cpu_clones.h"
#include "ops/argument_checks.h"

namespace mimdet {
namespace {

constexpr int64_t kBlock = 512;  // boxes whose IoUs are made together
constexpr float kAnchorIsObject = 0.7f, kAnchorIsBackground = 0.3f, kProposalIsObject = 0.5f;

struct Thresholds {
  float background, object;  // below the first: 0; from the second on: 1
};

/// A block of boxes by columns, so that a row of IoUs is made eight at a time.
struct Columns {
  std::array<float, kBlock> x1, y1, x2, y2, area;
  int64_t count = 0;

  Columns(const float* boxes, int64_t length) : count(length) {
    for (int64_t i = 0; i < count; ++i) {
      const float* box = boxes + i * 4;
      x1[i] = box[0], y1[i] = box[1], x2[i] = box[2], y2[i] = box[3];
      area[i] = (x2[i] - x1[i]) * (y2[i] - y1[i]);
    }
  }
};

// The operations and their order are the reference's, and so are the bits.
MIMDET_CPU_CLONES void iou_row(const float* object, const Columns& boxes, float* iou) {
  const float x1 = object[0], y1 = object[1], x2 = object[2], y2 = object[3], area = (x2 - x1) * (y2 - y1);
  for (int64_t i = 0; i < boxes.count; ++i) {
    const float width = std::max(std::min(x2, boxes.x2[i]) - std::max(x1, boxes.x1[i]), 0.0f);
    const float height = std::max(std::min(y2, boxes.y2[i]) - std::max(y1, boxes.y1[i]), 0.0f);
    const float shared = width * height;
    const float all = area + boxes.area[i] - shared;
    iou[i] = shared > 0 ? shared / all : 0.0f;
  }
}

/// Contiguous float32 on the CPU, (any, 4).
at::Tensor as_rows(const at::Tensor& boxes, const char* name) {
  require_shape(boxes, name, {-1, 4});
  return boxes.detach().to(at::kCPU, at::kFloat).contiguous();
}

/// Calls visit(first box, its block as columns) for all blocks, on several threads.
template <class Visit>
void for_each_block(const at::Tensor& boxes, Visit visit) {
  const float* rows = boxes.const_data_ptr<float>();
  const int64_t count = boxes.size(0);
  at::parallel_for(0, (count + kBlock - 1) / kBlock, 4, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block)
      visit(block * kBlock, Columns(rows + block * kBlock * 4, std::min(kBlock, count - block * kBlock)));
  });
}

/// Matches boxes to objects; keeps the best IoU of each object with any box.
class Matching {
 public:
  Matching(const at::Tensor& objects, const at::Tensor& boxes)
      : objects_(objects),
        boxes_(boxes),
        best_of_object_(objects.size(0), 0.0f),
        result_{at::empty({boxes.size(0)}, at::kLong), at::empty({boxes.size(0)}, at::kLong)} {}

  void match(Thresholds thresholds) {
    for_each_block(boxes_, [&](int64_t first, const Columns& block) { match_block(first, block, thresholds); });
  }

  /// A box that no other box surpasses on some object shows an object, however little it shares with it.
  void add_best_of_each_object() {
    for_each_block(boxes_, [&](int64_t first, const Columns& block) {
      std::array<float, kBlock> iou;
      for (size_t g = 0; g < best_of_object_.size(); ++g) {
        if (best_of_object_[g] <= 0) continue;
        iou_row(object(g), block, iou.data());
        for (int64_t i = 0; i < block.count; ++i)
          if (iou[i] == best_of_object_[g]) labels()[first + i] = 1;
      }
    });
  }

  Matches result() && { return std::move(result_); }

 private:
  void match_block(int64_t first, const Columns& block, Thresholds thresholds) {
    std::array<float, kBlock> iou, best;
    std::array<int32_t, kBlock> best_object;
    std::vector<float> best_of_object(best_of_object_.size());
    best.fill(0);
    best_object.fill(0);
    for (size_t g = 0; g < best_of_object.size(); ++g) {
      iou_row(object(g), block, iou.data());
      for (int64_t i = 0; i < block.count; ++i) {
        const bool better = iou[i] > best[i];
        best[i] = better ? iou[i] : best[i];
        best_object[i] = better ? static_cast<int32_t>(g) : best_object[i];
      }
      best_of_object[g] = *std::max_element(iou.begin(), iou.begin() + block.count);
    }
    for (int64_t i = 0; i < block.count; ++i) {
      result_.objects.data_ptr<int64_t>()[first + i] = best_object[i];
      labels()[first + i] = best[i] >= thresholds.object ? 1 : best[i] < thresholds.background ? 0 : -1;
    }
    keep_best(best_of_object);
  }

  void keep_best(const std::vector<float>& of_block) {
    const std::lock_guard lock(mutex_);
    for (size_t g = 0; g < of_block.size(); ++g) best_of_object_[g] = std::max(best_of_object_[g], of_block[g]);
  }

  const float* object(size_t g) const { return objects_.const_data_ptr<float>() + g * 4; }
  int64_t* labels() { return result_.labels.data_ptr<int64_t>(); }

  const at::Tensor &objects_, &boxes_;
  std::vector<float> best_of_object_;  // the greatest of all blocks: the same in whatever order they come
  std::mutex mutex_;
  Matches result_;
};

}  // namespace

at::Tensor pairwise_iou(const at::Tensor& a_xyxy, const at::Tensor& b_xyxy) {
  const at::Tensor a = as_rows(a_xyxy, "a_xyxy"), b = as_rows(b_xyxy, "b_xyxy");
  at::Tensor iou = at::empty({a.size(0), b.size(0)}, at::kFloat);
  for_each_block(b, [&](int64_t first, const Columns& block) {
    for (int64_t i = 0; i < a.size(0); ++i)
      iou_row(a.const_data_ptr<float>() + i * 4, block, iou.data_ptr<float>() + i * b.size(0) + first);
  });
  return iou;
}

Matches match_anchors(const at::Tensor& objects_xyxy, const at::Tensor& anchors_xyxy) {
  const at::Tensor objects = as_rows(objects_xyxy, "objects_xyxy"), anchors = as_rows(anchors_xyxy, "anchors_xyxy");
  Matching matching(objects, anchors);
  matching.match({kAnchorIsBackground, kAnchorIsObject});
  matching.add_best_of_each_object();
  return std::move(matching).result();
}

Matches match_proposals(const at::Tensor& objects_xyxy, const at::Tensor& proposals_xyxy) {
  const at::Tensor objects = as_rows(objects_xyxy, "objects_xyxy"), proposals = as_rows(proposals_xyxy, "proposals_xyxy");
  Matching matching(objects, proposals);
  matching.match({kProposalIsObject, kProposalIsObject});
  return std::move(matching).result();
}

}  // namespace mimdet
