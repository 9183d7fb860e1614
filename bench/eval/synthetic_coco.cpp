#include "synthetic_coco.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <random>
#include <utility>
#include <vector>

#include "structures/rle_mask.h"

namespace mimdet::bench {
namespace {

// The standard library's distributions differ from one library to the next; its generators do not.
class Random {
 public:
  double uniform(double low, double high) { return low + (high - low) * static_cast<double>(generator_() >> 11) * 0x1p-53; }
  int64_t below(int64_t count) { return static_cast<int64_t>(uniform(0, static_cast<double>(count))); }
  bool chance(double probability) { return uniform(0, 1) < probability; }

 private:
  std::mt19937_64 generator_{2017};
};

constexpr SizeHw kPicture{480, 640};
constexpr int kCorners = 24;

// A blob: a circle's corners at uneven distances.
struct Blob {
  double x, y, radius, stretch;
  std::vector<double> distances;
  int64_t category;
};

double to_hundredths(double value) { return std::round(value * 100) / 100; }

std::vector<double> outline(const Blob& blob) {
  std::vector<double> ring;
  for (int i = 0; i < kCorners; ++i) {
    const double angle = 2 * M_PI * i / kCorners, distance = blob.radius * blob.distances[i];
    ring.push_back(to_hundredths(std::clamp(blob.x + distance * blob.stretch * std::cos(angle), 0.0, 640.0)));
    ring.push_back(to_hundredths(std::clamp(blob.y + distance / blob.stretch * std::sin(angle), 0.0, 480.0)));
  }
  return ring;
}

Blob random_blob(Random& random, int64_t categories) {
  Blob blob{random.uniform(0, 640), random.uniform(0, 480), std::exp(random.uniform(std::log(4), std::log(160))),
            random.uniform(0.7, 1.4), {}, 1 + random.below(categories)};
  for (int i = 0; i < kCorners; ++i) blob.distances.push_back(random.uniform(0.75, 1.25));
  return blob;
}

// As a detector would find it: shifted and scaled a little, seldom under another name.
Blob found(Random& random, Blob blob, int64_t categories) {
  const double slack = random.uniform(0, 0.35) * blob.radius;
  blob.x += random.uniform(-slack, slack);
  blob.y += random.uniform(-slack, slack);
  blob.radius *= random.uniform(0.8, 1.2);
  if (random.chance(0.15)) blob.category = 1 + random.below(categories);
  return blob;
}

class ListWriter {
 public:
  explicit ListWriter(std::ofstream& out) : out_(out) {}
  std::ofstream& item() {
    if (!std::exchange(first_, false)) out_ << ",\n";
    return out_;
  }

 private:
  std::ofstream& out_;
  bool first_ = true;
};

std::string json_string(const std::string& text) {  // COCO's characters 48 … 111 hold one that JSON escapes
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '\\' ? std::string("\\\\") : std::string(1, c);
  return quoted + '"';
}

std::string json_list(const auto& values) {
  std::string text = "[";
  for (size_t i = 0; i < values.size(); ++i) {
    char number[32];
    std::snprintf(number, sizeof number, "%s%.10g", i ? "," : "", static_cast<double>(values[i]));
    text += number;
  }
  return text + "]";
}

std::string head(int64_t picture, int64_t category, const RleMask& mask) {
  return "{\"image_id\":" + std::to_string(picture) + ",\"category_id\":" + std::to_string(category) +
         ",\"bbox\":" + json_list(rle_bounding_box(mask));
}

void write_annotation(std::ofstream& out, int64_t id, int64_t picture, const Blob& blob, bool crowd) {
  const std::vector<double> ring = outline(blob);
  const RleMask mask = rle_from_polygon(kPicture, ring);
  out << head(picture, blob.category, mask) << ",\"id\":" << id << ",\"area\":" << rle_area(mask) << ",\"iscrowd\":" << crowd
      << ",\"segmentation\":" << (crowd ? "{\"size\":[480,640],\"counts\":" + json_list(mask.runs) + "}" : "[" + json_list(ring) + "]") << '}';
}

void write_result(std::ofstream& out, int64_t picture, const Blob& blob, double score) {
  const RleMask mask = rle_from_polygon(kPicture, outline(blob));
  char text[32];
  std::snprintf(text, sizeof text, "%.6f", score);
  out << head(picture, blob.category, mask) << ",\"score\":" << text
      << ",\"segmentation\":{\"size\":[480,640],\"counts\":" << json_string(rle_to_string(mask)) << "}}";
}

void write_categories(std::ofstream& out, int64_t count) {
  ListWriter list(out);
  for (int64_t id = 1; id <= count; ++id) list.item() << "{\"id\":" << id << ",\"name\":\"class " << id << "\"}";
}

void write_pictures(std::ofstream& out, int64_t count) {
  ListWriter list(out);
  for (int64_t id = 1; id <= count; ++id)
    list.item() << "{\"id\":" << id << ",\"height\":480,\"width\":640,\"file_name\":\"" << id << ".jpg\"}";
}

}  // namespace

void write_synthetic_coco(const std::string& folder, const SyntheticSize& size) {
  std::ofstream truth(folder + "/gt.json"), results(folder + "/dt.json");
  truth << "{\"categories\":[";
  write_categories(truth, size.categories);
  truth << "],\"images\":[";
  write_pictures(truth, size.pictures);
  truth << "],\"annotations\":[";
  results << '[';
  ListWriter annotations(truth), found_list(results);
  Random random;
  int64_t id = 0;
  for (int64_t picture = 1; picture <= size.pictures; ++picture) {
    std::vector<Blob> blobs(random.below(15));
    for (Blob& blob : blobs) {
      blob = random_blob(random, size.categories);
      write_annotation(annotations.item(), ++id, picture, blob, random.chance(0.01));
    }
    const int64_t count = std::min<int64_t>(size.most_results, 15 + 6 * static_cast<int64_t>(blobs.size()) + random.below(40));
    for (int64_t i = 0; i < count; ++i) {
      const bool real = !blobs.empty() && random.chance(0.6);
      const Blob blob = real ? found(random, blobs[random.below(blobs.size())], size.categories) : random_blob(random, size.categories);
      write_result(found_list.item(), picture, blob, random.uniform(0.05, real ? 1.0 : 0.5));
    }
  }
  truth << "]}\n";
  results << "]\n";
}

}  // namespace mimdet::bench
