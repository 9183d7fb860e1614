// The map of augmentation: one picture with its objects → the picture as the model will see it.
// Before it: batch (threads), plan (which picture). After it: train/batch (normalises, pads). Everything that is drawn is a
// function of (seed, position, purpose), so that a run repeats itself bit for bit whatever the number of threads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/training_picture.h"

namespace mimdet {

// ---- The options as JSON. Every key may be left out; a key that is not listed here is an error.
//
//   minSize         integer 1…65535, default 800        } the model's input: sizes that are left out below are the reference's
//   maxSize         integer 1…65535, default 1333       } scaled by minSize / 800; no side of a result is longer than maxSize
//   sizes           1…64 integers 16…8192, default [480 512 544 576 608 640 736 768 800] × minSize / 800, rounded
//                   The last step: the shortest edge becomes one of them, the longest at most maxSize.
//   sizesPer        "picture" (default, as in the reference) or "batch": the pictures of a batch get the same one, so that less of it
//                   is padding
//   flip            { horizontal: 0…1, default 0.5;  vertical: 0…1, default 0 }                                probabilities
//   quarterTurn     0…1, default 0     probability of a turn by 90, 180 or 270 degrees, each as likely (0.75: all four ways)
//   resizeCrop      object, true, false or null; default {}
//     probability   0…1, default 0.5
//     sizes         as above, default [400 500 600] × minSize / 800     the shortest edge becomes one of them, then …
//     crop          [least, most], integers 16…8192, default [384, 600] × minSize / 800     … height and width, drawn apart
//   largeScaleJitter  object, true, false or null; default null. In the place of resizeCrop and sizes.
//     size          integer 16…8192, default maxSize  side of a square; the picture is fitted into it times a factor, then cut …
//     scale         [least, most], 0.05…4, default [0.1, 2]                  … that is drawn from this range
//     pad           boolean, default true                                     grey (128) right and below, up to the square
//   colour          object, true, false or null; default null
//     probability   0…1, default 1
//     brightness, contrast, saturation   0…1, default 0.2 each    a factor from 1 - x to 1 + x; contrast about the mean
//     hue           0…0.5, default 0.02                          a turn of the colour circle from -x to x
//     grey          0…1, default 0            probability that the colours are taken away
//     invert        0…1, default 0            probability that light and dark change places
//   copyPaste       object, true, false or null; default null. Needs a donor, else nothing is pasted.
//     probability   0…1, default 0.5
//     scale         [least, most], 0.05…4, default [0.8, 1.25]    of the donor's pixels
//     maxObjects    integer 1…1000, default 100                   a random number of the donor's objects, at most so many
//     minVisible    0…1, default 0.3                              an object of which a smaller share stays visible is dropped
//   recomputeBoxes  boolean, default true     an object that an edge or a paste cut gets the box of what is left of its mask
//                                             (the reference clips the box instead, but for large-scale jitter)
//
// Order: copyPaste, flip, quarterTurn, then largeScaleJitter or resizeCrop and sizes, then colour. Objects whose box or mask is
// empty afterwards are dropped; a picture may be left without any.

struct Range {
  double least, most;
};

struct ResizeCropOptions {
  double probability = 0.5;
  std::vector<int64_t> sizes;
  int64_t crop_least = 0, crop_most = 0;
};

struct LargeScaleJitterOptions {
  int64_t size = 0;
  Range scale{0.1, 2};
  bool pad = true;
};

struct ColourOptions {
  double probability = 1, brightness = 0.2, contrast = 0.2, saturation = 0.2, hue = 0.02, grey = 0, invert = 0;
};

struct CopyPasteOptions {
  double probability = 0.5;
  Range scale{0.8, 1.25};
  int64_t max_objects = 100;
  double min_visible = 0.3;
};

struct AugmentOptions {
  int64_t min_size = 800, max_size = 1333;
  std::vector<int64_t> sizes;
  bool one_size_per_batch = false;
  double flip_horizontal = 0.5, flip_vertical = 0, quarter_turn = 0;
  std::optional<ResizeCropOptions> resize_crop;
  std::optional<LargeScaleJitterOptions> large_scale_jitter;
  std::optional<ColourOptions> colour;
  std::optional<CopyPasteOptions> copy_paste;
  bool recompute_boxes = true;
};

/// Throws kInvalidArgument, naming the key as `augment.resizeCrop.crop`, for anything that the list above does not allow.
AugmentOptions parse_augment_options(std::string_view json);

/// Both counted over all pictures of the run.
struct Place {
  Place(int64_t picture) : Place(picture, picture) {}
  Place(int64_t picture, int64_t first_of_batch) : position(picture), first(first_of_batch) {}

  int64_t position;  // of this picture
  int64_t first;     // of the first picture of its batch
};

/// `picture` as the model will see it at that place; no side is longer than max_size (with large-scale jitter: than its size).
/// `donor` may be null. Takes what `parse_training_objects` let pass.
TrainingPicture augment(TrainingPicture picture, const TrainingPicture* donor, const AugmentOptions& options, uint64_t seed,
                        Place place);

}  // namespace mimdet
