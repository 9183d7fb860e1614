#include "inference/pass_forecast.h"

#include <random>

#include "check.h"

using namespace mimdet;

namespace {

const PassShape kSmall = {.padded = {384, 384}, .sample_ratio = 1, .pictures = 1, .proposals = 500, .masks = 300};
const PassShape kLarge = {.padded = {384, 640}, .sample_ratio = 1, .pictures = 1, .proposals = 500, .masks = 300};

/// A machine on which each station has a rate of its own, and heads take as long whatever the picture.
StationLog run(PassShape pass) {
  pass.proposals = std::min<int64_t>(pass.proposals, 450);
  pass.masks = std::min<int64_t>(pass.masks, 30);
  StationLog log;
  log.multiply_adds = multiply_adds(preset("tiny"), pass);
  for (size_t i = 0; i < kStationCount; ++i) log.ms.at(i) = log.multiply_adds.at(i) / (1e7 * static_cast<double>(i + 1));
  return log;
}

double total_ms(const PassShape& pass, double around_ms) {
  double sum = around_ms;
  for (const double ms : run(pass).ms) sum += ms;
  return sum;
}

PassShape at_ratio(PassShape pass, double ratio) {
  pass.sample_ratio = ratio;
  return pass;
}

bool close(double a, double b) { return std::abs(a - b) <= 1e-9 * std::abs(b); }

}  // namespace

TEST("pass_forecast: from passes of one shape and ratio it knows those of another") {
  PassForecast forecast(preset("tiny"));
  CHECK(forecast.knows_nothing());
  for (int i = 0; i < 3; ++i) forecast.learn({kSmall}, run(kSmall), 3.0);
  CHECK(!forecast.knows_nothing());
  CHECK(close(forecast.predict_ms({kSmall}), total_ms(kSmall, 3.0)));
  CHECK(close(forecast.predict_ms({at_ratio(kSmall, 0.5)}), total_ms(at_ratio(kSmall, 0.5), 3.0)));
  CHECK(close(forecast.predict_ms({kLarge}), total_ms(kLarge, 5.0)));  // what is around the model goes by pixels
  CHECK(close(forecast.predict_ms({kSmall, kLarge}), total_ms(kSmall, 3.0) + total_ms(kLarge, 5.0)));
}

TEST("pass_forecast: calls without masks are told apart") {
  PassForecast forecast(preset("tiny"));
  PassShape bare = kSmall;
  bare.masks = 0;
  for (int i = 0; i < 3; ++i) {
    forecast.learn({kSmall}, run(kSmall), 3.0);
    forecast.learn({bare}, run(bare), 3.0);
  }
  CHECK(close(forecast.predict_ms({kSmall}), total_ms(kSmall, 3.0)));
  CHECK(close(forecast.predict_ms({bare}), total_ms(bare, 3.0)));
}

TEST("pass_forecast: a machine that has become slower is believed after some passes") {
  PassForecast forecast(preset("tiny"));
  for (int i = 0; i < 100; ++i) forecast.learn({kSmall}, run(kSmall), 3.0);
  StationLog slow = run(kSmall);
  for (double& ms : slow.ms) ms *= 2;
  for (int i = 0; i < 16; ++i) forecast.learn({kSmall}, slow, 6.0);
  const double ratio = forecast.predict_ms({kSmall}) / total_ms(kSmall, 3.0);
  CHECK(ratio > 1.8 && ratio < 2);
}

TEST("pass_forecast: the margin is what nine of ten passes keep within") {
  PassForecast forecast(preset("tiny"));
  CHECK_EQUAL(forecast.margin(), 1.0);
  for (int i = 0; i < 20; ++i) forecast.learn({kSmall}, run(kSmall), 3.0);
  CHECK(forecast.margin() < 1 + 1e-9);
  std::mt19937 random(1);
  std::normal_distribution<double> noise(1.0, 0.1);
  int kept = 0, at_least = 0;
  for (int i = 0; i < 2000; ++i) {
    StationLog log = run(kSmall);
    const double factor = noise(random);
    for (double& ms : log.ms) ms *= factor;
    const double predicted_ms = forecast.predict_ms({kSmall}), margin = forecast.margin();
    if (log.total_ms() + 3 * factor <= predicted_ms * margin) ++kept;
    if (log.total_ms() + 3 * factor >= predicted_ms / margin) ++at_least;
    forecast.learn({kSmall}, log, 3 * factor);
  }
  CHECK(kept > 1700 && kept < 1900);
  CHECK(at_least > 1600 && at_least < 1900);
}

TEST("pass_forecast: before the first pass a measured rate stands in, and less is predicted for less") {
  PassForecast forecast(preset("tiny"));
  forecast.assume(5e7);
  CHECK(!forecast.knows_nothing());
  CHECK(forecast.predict_ms({at_ratio(kSmall, 0.25)}) < forecast.predict_ms({kSmall}));
  forecast.learn({kSmall}, run(kSmall), 3.0);
  CHECK(close(forecast.predict_ms({kSmall}), total_ms(kSmall, 3.0)));
}

TEST("ratio_within: the largest sixteenth that fits, never above what was asked for, the smallest where none fits") {
  const auto predict = [](double ratio) { return 100 * ratio; };
  CHECK_EQUAL(ratio_within(1000, 1.0, predict), 1.0);
  CHECK_EQUAL(ratio_within(99, 1.0, predict), 15.0 / 16);
  CHECK_EQUAL(ratio_within(50, 1.0, predict), 0.5);
  CHECK_EQUAL(ratio_within(-5, 1.0, predict), 0.25);
  CHECK_EQUAL(ratio_within(65, 0.6, predict), 0.6);
  CHECK_EQUAL(ratio_within(59, 0.6, predict), 9.0 / 16);
  CHECK_EQUAL(ratio_within(1, 0.1, predict), 0.1);
}
