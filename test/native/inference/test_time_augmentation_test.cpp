// Test-time augmentation with the small model: what must hold whatever the weights are.
#include "inference/test_time_augmentation.h"

#include <ATen/ops/allclose.h>
#include <ATen/ops/tensor.h>

#include <cmath>
#include <future>

#include "check.h"
#include "image/flip.h"
#include "inference/detector.h"
#include "inference/engine.h"

using namespace mimdet;
using mimdet::test::golden;

namespace {

constexpr View kPlain = {}, kMirrored = {.flip_horizontal = true}, kSmaller = {.scale = 0.75};

const DetectorOptions kSettings = {.device = "cpu", .precision = "float32", .threads = 1, .min_size = 72, .max_size = 96};

Image blobs() {
  Image image{std::vector<uint8_t>(72 * 96 * 3), {72, 96}};
  for (size_t i = 0; i < image.rgb.size(); ++i) {
    const size_t x = i / 3 % 96, y = i / 3 / 96;
    image.rgb[i] = static_cast<uint8_t>((x * x / 90 + y / 7 + x / 11) % 5 * 50 + i % 3 * 9);
  }
  return image;
}

Image mirrored(Image image) {
  flip_horizontally(image);
  return image;
}

/// On the compute thread, where a detector lives.
template <class Work>
auto with_detector(Work work) {
  std::promise<decltype(work(std::declval<Detector&>()))> answer;
  Engine::instance().post([&] {
    try {
      const Detector detector(load_weights(golden("nuclei") + "/weights.safetensors"), kSettings);
      answer.set_value(work(detector));
    } catch (...) {
      answer.set_exception(std::current_exception());
    }
  });
  return answer.get_future().get();
}

std::vector<Detection> detect(const Image& image, std::vector<View> views, const CancelFlag& cancel = nullptr) {
  return with_detector([&](const Detector& detector) {
    BorrowedPicture picture(image.view());
    DetectOptions options = {.score_threshold = 0.02, .detections_per_image = 12};
    options.views = std::move(views);
    return detector.detect({&picture}, options, cancel).at(0).detections;
  });
}

bool near(const Detection& a, const Detection& b, float width) {
  const std::array<float, 4> mirror = {width - b.box_xyxy[2], b.box_xyxy[1], width - b.box_xyxy[0], b.box_xyxy[3]};
  for (size_t i = 0; i < 4; ++i)
    if (std::abs(a.box_xyxy[i] - mirror[i]) > 0.01) return false;
  return std::abs(a.score - b.score) < 1e-4 && a.class_id == b.class_id;
}

/// Pixels of `a` that its mirror image `b` does not have.
int64_t differing_pixels(const RleMask& a, const RleMask& b) {
  const std::vector<uint8_t> left = rle_to_bitmap(a), right = rle_to_bitmap(b);
  int64_t differing = 0;
  for (int64_t y = 0; y < a.height; ++y)
    for (int64_t x = 0; x < a.width; ++x)
      differing += left[static_cast<size_t>(y * a.width + x)] != right[static_cast<size_t>((y + 1) * a.width - 1 - x)];
  return differing;
}

}  // namespace

TEST("flip: the first column becomes the last, the first row the last") {
  Image image{{1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6}, {2, 3}};
  flip_horizontally(image);
  CHECK(image.rgb == std::vector<uint8_t>({3, 3, 3, 2, 2, 2, 1, 1, 1, 6, 6, 6, 5, 5, 5, 4, 4, 4}));
  flip_vertically(image);
  CHECK(image.rgb == std::vector<uint8_t>({6, 6, 6, 5, 5, 5, 4, 4, 4, 3, 3, 3, 2, 2, 2, 1, 1, 1}));
}

TEST("tta: boxes go to a view's frame and come back") {
  const at::Tensor boxes = at::tensor({10.f, 20.f, 30.f, 60.f}).view({1, 4});
  const View turned = {.scale = 2, .flip_horizontal = true, .flip_vertical = true};
  const at::Tensor there = map_boxes(boxes, {100, 100}, {200, 200}, turned);
  CHECK(at::allclose(there, at::tensor({140.f, 80.f, 180.f, 160.f}).view({1, 4})));
  CHECK(at::allclose(map_boxes(there, {200, 200}, {100, 100}, turned), boxes));
}

TEST("tta: a single view of the picture as it is changes no bit, and neither does the same view twice") {
  if (golden("nuclei").empty()) return mimdet::test::report_skip("no golden/nuclei");
  const Image image = blobs();
  const std::vector<Detection> plain = detect(image, {});
  CHECK_EQUAL(plain.size(), 12u);
  for (const auto& views : {std::vector<View>{kPlain}, std::vector<View>{kPlain, kPlain}}) {
    const std::vector<Detection> seen = detect(image, views);
    CHECK_EQUAL(seen.size(), plain.size());
    for (size_t i = 0; i < std::min(seen.size(), plain.size()); ++i) {
      CHECK(seen[i].box_xyxy == plain[i].box_xyxy && seen[i].score == plain[i].score && seen[i].class_id == plain[i].class_id);
      CHECK(seen[i].mask == plain[i].mask);
    }
  }
}

TEST("tta: with both ways of looking, a mirrored picture gives the mirrored result, masks too") {
  if (golden("nuclei").empty()) return mimdet::test::report_skip("no golden/nuclei");
  const Image image = blobs();
  const std::vector<View> views = {kPlain, kMirrored};
  const std::vector<Detection> found = detect(image, views), mirror = detect(mirrored(image), views);
  CHECK_EQUAL(found.size(), mirror.size());
  for (const Detection& each : found) {
    const auto same = std::ranges::find_if(mirror, [&](const Detection& other) { return near(each, other, 96); });
    CHECK(same != mirror.end());
    if (same != mirror.end()) CHECK(differing_pixels(each.mask, same->mask) <= 1);
  }
  CHECK(!near(detect(image, {}).at(0), detect(mirrored(image), {}).at(0), 96));  // the model alone does not see to it
}

TEST("tta: another scale finds other boxes, in the picture's own pixels") {
  if (golden("nuclei").empty()) return mimdet::test::report_skip("no golden/nuclei");
  const std::vector<Detection> found = detect(blobs(), {kSmaller});
  CHECK(!found.empty());
  for (const Detection& each : found) CHECK(each.box_xyxy[2] <= 96 && each.box_xyxy[3] <= 72 && each.mask.size() == SizeHw(72, 96));
}

TEST("tta: a call that nobody wants any more ends") {
  if (golden("nuclei").empty()) return mimdet::test::report_skip("no golden/nuclei");
  const CancelFlag cancel = make_cancel_flag();
  cancel->store(true);
  bool cancelled = false;
  try {
    detect(blobs(), {kPlain, kMirrored}, cancel);
  } catch (const Cancelled&) {
    cancelled = true;
  }
  CHECK(cancelled);
}
