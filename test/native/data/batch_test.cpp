// The JSON of options and objects, and batches that are made on other threads.
#include "data/batch.h"

#include <future>

#include "check.h"
#include "data/pictures.h"
#include "data/training_objects.h"

using namespace mimdet;
using namespace mimdet::test;

namespace {

AnnotatedPicture annotated(const TrainingPicture& picture) {
  return {std::make_shared<BorrowedPicture>(picture.image.view()), training_objects_json(picture.objects), "samples[0].objects"};
}

BatchRequest request_of(const std::vector<TrainingPicture>& pictures, const std::string& options) {
  BatchRequest request{{}, parse_augment_options(options), 5, 100, make_cancel_flag()};
  for (const TrainingPicture& picture : pictures) request.samples.push_back({annotated(picture), annotated(pictures[0])});
  return request;
}

std::future<TrainingBatchPtr> prepare(BatchRequest request) {
  auto promise = std::make_shared<std::promise<TrainingBatchPtr>>();
  prepare_batch(std::move(request), {[promise](TrainingBatchPtr batch) { promise->set_value(std::move(batch)); },
                                     [promise](std::exception_ptr error) { promise->set_exception(std::move(error)); }});
  return promise->get_future();
}

}  // namespace

TEST("augment options: the defaults are the reference's recipe, scaled to the model's input") {
  const AugmentOptions base = parse_augment_options("{}"), tiny = parse_augment_options(R"({"minSize":384,"maxSize":640})");
  CHECK((base.sizes == std::vector<int64_t>{480, 512, 544, 576, 608, 640, 736, 768, 800}));
  CHECK((base.resize_crop->sizes == std::vector<int64_t>{400, 500, 600}));
  CHECK_EQUAL(base.resize_crop->crop_least, 384);
  CHECK_EQUAL(base.resize_crop->crop_most, 600);
  CHECK_EQUAL(base.max_size, 1333);
  CHECK(!base.colour && !base.copy_paste && !base.large_scale_jitter);
  CHECK((tiny.resize_crop->sizes == std::vector<int64_t>{192, 240, 288}));
  CHECK_EQUAL(tiny.sizes.back(), 384);
  CHECK_EQUAL(parse_augment_options(R"({"largeScaleJitter":true})").large_scale_jitter->size, 1333);
  CHECK(!parse_augment_options(R"({"resizeCrop":false})").resize_crop);
  CHECK(!parse_augment_options(R"({"copyPaste":null})").copy_paste);
  CHECK_EQUAL(parse_augment_options(R"({"colour":{"hue":0.1}})").colour->hue, 0.1);
}

TEST("augment options: what is not described is refused, by its name") {
  const std::pair<const char*, const char*> wrong[] = {
      {"[]", "`augment`"},
      {"{", "`augment`"},
      {R"({"flips":{}})", "augment.flips"},
      {R"({"flip":{"horizontal":1.5}})", "augment.flip.horizontal"},
      {R"({"flip":0.5})", "augment.flip"},
      {R"({"sizes":[]})", "augment.sizes"},
      {R"({"sizes":[480.5]})", "augment.sizes"},
      {R"({"sizes":[1e9]})", "augment.sizes"},
      {R"({"resizeCrop":{"crop":[600,384]}})", "augment.resizeCrop.crop"},
      {R"({"resizeCrop":{"crop":[600]}})", "augment.resizeCrop.crop"},
      {R"({"resizeCrop":7})", "augment.resizeCrop"},
      {R"({"largeScaleJitter":{"scale":[0,1]}})", "augment.largeScaleJitter.scale"},
      {R"({"largeScaleJitter":{"size":100000}})", "augment.largeScaleJitter.size"},
      {R"({"colour":{"gray":1}})", "augment.colour.gray"},
      {R"({"copyPaste":{"maxObjects":100000}})", "augment.copyPaste.maxObjects"},
      {R"({"sizesPer":"step"})", "augment.sizesPer"},
      {R"({"recomputeBoxes":1})", "augment.recomputeBoxes"},
  };
  for (const auto& [json, name] : wrong) CHECK_FAILS(parse_augment_options(json), ErrorCode::kInvalidArgument, name);
}

TEST("training objects: to JSON and back") {
  const TrainingPicture picture = picture_with_stars({50, 60}, 5, 1);
  std::vector<TrainingObject> objects = picture.objects;
  objects.push_back({{1, 2, 3, 4}, 7, {}});
  const std::vector<TrainingObject> again = parse_training_objects(training_objects_json(objects), {50, 60}, "objects");
  CHECK_EQUAL(again.size(), objects.size());
  for (size_t i = 0; i < again.size(); ++i)
    CHECK(again[i].box_xyxy == objects[i].box_xyxy && again[i].class_id == objects[i].class_id && again[i].mask == objects[i].mask);
}

TEST("training objects: what is no list of objects is refused") {
  const std::pair<const char*, const char*> wrong[] = {
      {"{}", "`objects`"},
      {"[", "`objects`"},
      {"[1]", "objects[0]"},
      {R"([{"classId":0}])", "objects[0].box"},
      {R"([{"classId":0,"box":[1,2,3]}])", "objects[0].box"},
      {R"([{"classId":0,"box":[1,2,3,1e300]}])", "objects[0].box"},
      {R"([{"classId":-1,"box":[1,2,3,4]}])", "objects[0].classId"},
      {R"([{"classId":0,"box":[1,2,3,4],"polygons":[[1,2,3]]}])", "objects[0].polygons"},
      {R"([{"classId":0,"box":[1,2,3,4],"polygons":[[1,2,3,1e300]]}])", "objects[0].polygons"},
      {R"([{"classId":0,"box":[1,2,3,4],"rle":{"size":[4,4],"counts":"12"}}])", "objects[0].rle.size"},
      {R"([{"classId":0,"box":[1,2,3,4],"rle":{"size":[5,6],"counts":"12"}}])", "counts"},
      {R"([{"classId":0,"box":[1,2,3,4],"mask":1}])", "objects[0].mask"},
  };
  for (const auto& [json, name] : wrong) CHECK_FAILS(parse_training_objects(json, {5, 6}, "objects"), ErrorCode::kInvalidArgument, name);
}

TEST("prepare_batch: pictures come in their order, as if made one after the other") {
  std::vector<TrainingPicture> pictures;
  for (int i = 0; i < 9; ++i) pictures.push_back(picture_with_stars({40 + i, 50}, 4, i));
  const BatchRequest request = request_of(pictures, R"({"minSize":48,"maxSize":80,"copyPaste":{"probability":1}})");
  const TrainingBatchPtr batch = prepare(request).get();
  CHECK_EQUAL(batch->size(), 9u);
  for (size_t i = 0; i < batch->size(); ++i) {
    const TrainingPicture alone = augment(pictures[i], &pictures[0], request.options, 5, 100 + static_cast<int64_t>(i));
    CHECK((*batch)[i].image.rgb == alone.image.rgb);
    CHECK_EQUAL((*batch)[i].objects.size(), alone.objects.size());
  }
  CHECK(prepare(request_of({}, "{}")).get()->empty());
}

TEST("prepare_batch: one bad picture, a raised flag and pixels taken back fail the batch") {
  const std::vector<TrainingPicture> pictures(4, picture_with_stars({40, 50}, 4, 1));
  BatchRequest bad = request_of(pictures, "{}");
  bad.samples[2].picture.objects = "[{}]";
  CHECK_FAILS(prepare(bad).get(), ErrorCode::kInvalidArgument, "samples[0].objects[0].box");
  const auto cancelled = [](BatchRequest request) {
    try {
      prepare(std::move(request)).get();
      return false;
    } catch (const Cancelled&) {
      return true;
    }
  };
  BatchRequest stopped = request_of(pictures, "{}"), gone = request_of(pictures, "{}");
  stopped.cancel->store(true);
  CHECK(cancelled(stopped));
  gone.samples[1].picture.image->take_back();
  CHECK(cancelled(gone));
}
