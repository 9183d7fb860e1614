#include "addon/weights_wrap.h"

#include "addon/arguments.h"
#include "addon/background.h"
#include "base/json.h"
#include "weights/convert.h"
#include "weights/inspect.h"

namespace mimdet {
namespace {

ConvertOptions read_convert_options(const Napi::Value& value) {
  const Napi::Object options = read_object(value, "options");
  ConvertOptions read;
  const std::string config = read_text(options.Get("config"), "config");
  if (!config.empty()) read.config = ModelConfig::from_json_text(config);
  if (!options.Get("classes").IsNull()) read.classes = read_text_list(options.Get("classes"), "classes");
  read.half = read_boolean(options.Get("half"), "half");
  read.mae_encoder_only = read_boolean(options.Get("maeEncoderOnly"), "maeEncoderOnly");
  return read;
}

std::string to_json_text(const ConvertReport& report) {
  return Json(Json::Object{
                  {"tensors", static_cast<int64_t>(report.tensors)},
                  {"dropped", Json::Array(report.dropped.begin(), report.dropped.end())},
                  {"preset", report.preset},
                  {"format", report.format},
              })
      .dump();
}

}  // namespace

Napi::Value convert_weights(const Napi::CallbackInfo& info) {
  const std::string input = read_text(info[0], "input"), output = read_text(info[1], "output");
  const ConvertOptions options = read_convert_options(info[2]);
  const double job = read_number(info[3], "job");
  const auto work = [=](const CancelFlag& cancel) { return to_json_text(convert(input, output, options, cancel)); };
  return background_promise(info.Env(), job, work, text_to_js);
}

Napi::Value inspect_weights_js(const Napi::CallbackInfo& info) {
  const bool is_path = info[0].IsString();
  const Inspection found =
      is_path ? inspect_weights(read_text(info[0], "source")) : inspect_weights(copy_bytes(info[0], "source"));
  return Napi::String::New(info.Env(), found.to_json_text());
}

Napi::Value preset_config(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), preset(read_text(info[0], "name")).to_json().dump());
}

}  // namespace mimdet
