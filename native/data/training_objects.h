// The objects of a picture from and to JSON (NativeTrainingObject[] in lib/native-types.ts), and the checks that let the rest of
// data/ trust a picture. Before it: addon/batch_wrap. After it: augment.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/training_picture.h"

namespace mimdet {

/// `name` stands in messages ("samples[2].objects"). Throws kInvalidArgument for anything that is not a list of { classId, box,
/// polygons? or rle? }: class ids from 0 to a million, coordinates within ten million pixels, rings of an even number of
/// coordinates, run lengths of the picture's size. What lies outside of the picture is let pass, augment cuts it off.
std::vector<TrainingObject> parse_training_objects(std::string_view json, SizeHw picture, const std::string& name);

std::string training_objects_json(const std::vector<TrainingObject>& objects);

}  // namespace mimdet
