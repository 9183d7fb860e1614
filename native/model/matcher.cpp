// Compiled without contracted floating point: thresholds are compared with the bits of the reference.
// IoUs are made a row of one object and a block of boxes at a time and never kept all: 270,000 anchors and 300 objects would be
// 324 MB.
#include "model/matcher.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <array>
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

using Row = std::array<float, kBlock>;

/// A block of boxes by columns, so that a row of IoUs is made eight at a time; what is missing at the end are boxes of no area.
struct Columns {
  Row x1{}, y1{}, x2{}, y2{}, area{};
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
MIMDET_CPU_CLONES void iou_row(const float* object, const Columns& boxes, Row& iou) {
  const float x1 = object[0], y1 = object[1], x2 = object[2], y2 = object[3], area = (x2 - x1) * (y2 - y1);
  for (int64_t i = 0; i < kBlock; ++i) {
    const float left = x1 < boxes.x1[i] ? boxes.x1[i] : x1, top = y1 < boxes.y1[i] ? boxes.y1[i] : y1;
    const float right = boxes.x2[i] < x2 ? boxes.x2[i] : x2, bottom = boxes.y2[i] < y2 ? boxes.y2[i] : y2;
    const float width = right - left > 0 ? right - left : 0, height = bottom - top > 0 ? bottom - top : 0;
    const float shared = width * height;
    iou[i] = shared / (area + boxes.area[i] - shared);
  }
  // Two boxes of no area share nothing of nothing. A loop of its own: a division under a condition would not be vectorised.
  for (int64_t i = 0; i < kBlock; ++i) iou[i] = iou[i] > 0 ? iou[i] : 0.0f;
}

/// The best of each box so far, and of which object.
struct Best {
  Row iou{};
  std::array<int32_t, kBlock> object{};
};

/// Keeps what is better; answers with the best IoU of the row.
MIMDET_CPU_CLONES float keep_better(const Row& iou, int32_t object, Best& best) {
  constexpr int64_t kLanes = 16;
  std::array<float, kLanes> highest{};
  for (int64_t i = 0; i < kBlock; i += kLanes)
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      const float value = iou[i + lane];
      highest[lane] = value > highest[lane] ? value : highest[lane];
      best.object[i + lane] = value > best.iou[i + lane] ? object : best.object[i + lane];
      best.iou[i + lane] = value > best.iou[i + lane] ? value : best.iou[i + lane];
    }
  return *std::max_element(highest.begin(), highest.end());
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

/// Matches boxes to objects; keeps the best IoU of each object within each block.
class Matching {
 public:
  Matching(const at::Tensor& objects, const at::Tensor& boxes)
      : objects_(objects),
        boxes_(boxes),
        count_(objects.size(0)),
        best_in_block_((boxes.size(0) + kBlock - 1) / kBlock * count_),
        result_{at::empty({boxes.size(0)}, at::kLong), at::empty({boxes.size(0)}, at::kLong)} {}

  void match(Thresholds thresholds) {
    for_each_block(boxes_, [&](int64_t first, const Columns& block) { match_block(first, block, thresholds); });
  }

  /// A box that no other box surpasses on some object shows an object, however little it shares with it. Only blocks with such
  /// a box are looked at again.
  void add_best_of_each_object() {
    const std::vector<float> best = best_of_objects();
    for_each_block(boxes_, [&](int64_t first, const Columns& block) {
      Row iou;
      for (int64_t g = 0; g < count_; ++g) {
        if (best[g] <= 0 || best_in_block(first)[g] != best[g]) continue;
        iou_row(object(g), block, iou);
        for (int64_t i = 0; i < block.count; ++i)
          if (iou[i] == best[g]) labels()[first + i] = 1;
      }
    });
  }

  Matches result() && { return std::move(result_); }

 private:
  void match_block(int64_t first, const Columns& block, Thresholds thresholds) {
    Row iou;
    Best best;
    for (int64_t g = 0; g < count_; ++g) {
      iou_row(object(g), block, iou);
      best_in_block(first)[g] = keep_better(iou, static_cast<int32_t>(g), best);
    }
    int64_t *objects = result_.objects.data_ptr<int64_t>() + first, *labels = this->labels() + first;
    for (int64_t i = 0; i < block.count; ++i) {
      objects[i] = best.object[i];
      labels[i] = best.iou[i] >= thresholds.object ? 1 : best.iou[i] < thresholds.background ? 0 : -1;
    }
  }

  std::vector<float> best_of_objects() const {
    std::vector<float> best(count_);
    for (size_t i = 0; i < best_in_block_.size(); ++i) best[i % count_] = std::max(best[i % count_], best_in_block_[i]);
    return best;
  }

  const float* object(int64_t g) const { return objects_.const_data_ptr<float>() + g * 4; }
  float* best_in_block(int64_t first_box) { return best_in_block_.data() + first_box / kBlock * count_; }
  int64_t* labels() { return result_.labels.data_ptr<int64_t>(); }

  const at::Tensor &objects_, &boxes_;
  int64_t count_;  // of objects
  std::vector<float> best_in_block_;  // (blocks, objects)
  Matches result_;
};

}  // namespace

at::Tensor pairwise_iou(const at::Tensor& a_xyxy, const at::Tensor& b_xyxy) {
  const at::Tensor a = as_rows(a_xyxy, "a_xyxy"), b = as_rows(b_xyxy, "b_xyxy");
  at::Tensor iou = at::empty({a.size(0), b.size(0)}, at::kFloat);
  for_each_block(b, [&](int64_t first, const Columns& block) {
    Row row;
    for (int64_t i = 0; i < a.size(0); ++i) {
      iou_row(a.const_data_ptr<float>() + i * 4, block, row);
      std::copy_n(row.begin(), block.count, iou.data_ptr<float>() + i * b.size(0) + first);
    }
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
