// Counted by hand for golden/micro: widths 6, 12, 24, 48; encoder 3 blocks of 48; decoder 2 of 32; pyramid 16; RPN 2 convolutions,
// 3 anchors a place; heads 4 convolutions of 16, fc 64; 3 classes. 96 x 160 pixels are 60 patches.
#include "model/arithmetic.h"

#include "check.h"

using namespace mimdet;
using mimdet::test::golden;
using mimdet::test::read_file;

namespace {

ModelConfig micro() { return ModelConfig::from_json_text(read_file(golden("micro") + "/config.json")); }

double block(double tokens, double dim) { return 12 * tokens * dim * dim + 2 * tokens * tokens * dim; }

}  // namespace

TEST("arithmetic: each station of the micro model, counted by hand") {
  const PerStation sum = multiply_adds(micro(), {.padded = {96, 160}, .pictures = 1, .proposals = 1, .masks = 1});
  const double p2 = 24 * 40, p3 = 12 * 20, p4 = 6 * 10, p5 = 3 * 5, p6 = 2 * 3;
  CHECK_EQUAL(sum[Station::kStem], 9.0 * (3 * 6 * 3840 + 6 * 12 * p2 + 12 * 24 * p3 + 24 * 48 * p4) + 48 * 48 * p4);
  CHECK_EQUAL(sum[Station::kEncoder], 3 * block(60, 48));
  CHECK_EQUAL(sum[Station::kDecoder], 60 * 48 * 32 + 2 * block(60, 32));
  CHECK_EQUAL(sum[Station::kPyramid], 16 * (12 * p2 + 24 * p3 + 32 * p4 + 32 * p5) + 9 * 16 * 16 * (p2 + p3 + p4 + p5));
  CHECK_EQUAL(sum[Station::kProposals], (2 * 9 * 16 * 16 + 16 * 3 * 5) * (p2 + p3 + p4 + p5 + p6));
  CHECK_EQUAL(sum[Station::kBoxHead], 4.0 * 9 * 16 * 16 * 49 + 16 * 49 * 64 + 64 * (4 + 12));
  CHECK_EQUAL(sum[Station::kMaskHead], 196.0 * (4 * 9 * 16 * 16 + 4 * 16 * 16 + 4 * 16));
  CHECK_EQUAL(sum[Station::kEncoder], 6013440);
}

TEST("arithmetic: a lower ratio spares the encoder, and the decoder projects the stem for what was left out") {
  const PerStation all = multiply_adds(micro(), {.padded = {96, 160}, .sample_ratio = 1, .pictures = 1});
  const PerStation half = multiply_adds(micro(), {.padded = {96, 160}, .sample_ratio = 0.5, .pictures = 1});
  CHECK_EQUAL(half[Station::kEncoder], 3 * block(30, 48));
  CHECK_EQUAL(half[Station::kDecoder], (30 + 60) * 48 * 32 + 2 * block(60, 32));
  for (const Station station : {Station::kStem, Station::kPyramid, Station::kProposals})
    CHECK_EQUAL(half[station], all[station]);
  CHECK_EQUAL(kept_patches(60, 0.001), 1);
}

TEST("arithmetic: pictures, proposals and masks add up, part by part") {
  StationLog parts;
  count(micro(), {.padded = {96, 160}, .pictures = 2}, &parts);
  count(micro(), {.proposals = 30}, &parts);
  count(micro(), {.masks = 4}, &parts);
  const PerStation whole = multiply_adds(micro(), {.padded = {96, 160}, .pictures = 2, .proposals = 30, .masks = 4});
  CHECK(parts.multiply_adds == whole);
  CHECK_EQUAL(whole[Station::kStem], 2 * multiply_adds(micro(), {.padded = {96, 160}, .pictures = 1})[Station::kStem]);
  count(micro(), {.masks = 4}, nullptr);
}
