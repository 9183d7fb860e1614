// The allow-list.
#include "weights/pickle_policy.h"

#include <algorithm>
#include <array>

namespace mimdet {
namespace {

struct Names {
  std::string_view module;
  std::array<std::string_view, 20> names;
};

constexpr std::string_view kPlainTypes = "builtins";
constexpr Names kFunctions[] = {
    {"builtins",
     {"bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "object", "range", "set", "slice",
      "str", "tuple"}},
    {"_codecs", {"encode"}},
    {"collections", {"OrderedDict", "defaultdict", "deque", "Counter"}},
    {"copyreg", {"_reconstructor", "__newobj__"}},
    {"datetime", {"date", "datetime", "time", "timedelta", "timezone"}},
    {"numpy", {"dtype", "ndarray"}},
    {"numpy.core.multiarray", {"_reconstruct", "scalar"}},
    {"numpy._core.multiarray", {"_reconstruct", "scalar"}},
    {"numpy.core.numeric", {"_frombuffer"}},
    {"numpy._core.numeric", {"_frombuffer"}},
    {"numpy.random._pickle", {"__randomstate_ctor", "__generator_ctor", "__bit_generator_ctor"}},
    {"torch", {"device", "dtype"}},
    {"torch._tensor", {"_rebuild_from_type_v2"}},
    {"torch._utils",
     {"_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3", "_rebuild_parameter", "_rebuild_parameter_with_state",
      "_rebuild_sparse_tensor", "_rebuild_qtensor", "_rebuild_wrapper_subclass", "_rebuild_device_tensor_from_numpy",
      "_rebuild_device_tensor_from_cpu_tensor", "_rebuild_meta_tensor_no_storage"}},
    {"torch.serialization", {"_get_layout"}},
    {"types", {"SimpleNamespace"}},
};

/// Modules whose classes run programs, open connections or load code (subprocess.Popen); everything below them too.
constexpr std::string_view kRefusedModules[] = {
    "asyncio",         "bdb",          "code",       "codeop",     "commands",   "concurrent", "ctypes",
    "distutils",       "dis",          "ftplib",     "http",       "imp",        "importlib",  "marshal",
    "multiprocessing", "nt",           "os",         "pdb",        "pickle",     "_pickle",    "pip",
    "pkgutil",         "platform",     "popen2",     "posix",      "profile",    "cProfile",   "pty",
    "pydoc",           "runpy",        "setuptools", "shelve",     "shutil",     "signal",     "smtplib",
    "socket",          "socketserver", "ssl",        "subprocess", "sys",        "tempfile",   "threading",
    "timeit",          "trace",        "types",      "urllib",     "webbrowser", "xmlrpc",     "zipimport",
    "_posixsubprocess"};

/// Python 2's names for the same modules.
std::string_view modern_module(std::string_view module) {
  if (module == "__builtin__") return kPlainTypes;
  if (module == "copy_reg") return "copyreg";
  return module;
}

bool is_listed(std::string_view module, std::string_view name) {
  return std::any_of(std::begin(kFunctions), std::end(kFunctions), [&](const Names& entry) {
    return entry.module == module && !name.empty() &&
           std::find(entry.names.begin(), entry.names.end(), name) != entry.names.end();
  });
}

bool is_refused_module(std::string_view module) {
  const std::string_view top = module.substr(0, module.find('.'));
  return std::find(std::begin(kRefusedModules), std::end(kRefusedModules), top) != std::end(kRefusedModules);
}

/// "Namespace" of argparse, "Outer.Inner": a class by convention. A dunder or a function is not.
bool looks_like_class(std::string_view name) {
  const std::string_view last = name.substr(name.rfind('.') == std::string_view::npos ? 0 : name.rfind('.') + 1);
  const size_t letter = last.find_first_not_of('_');
  return letter != std::string_view::npos && last[letter] >= 'A' && last[letter] <= 'Z';
}

}  // namespace

bool may_be_called(std::string_view module, std::string_view name) {
  const std::string_view modern = modern_module(module);
  return is_listed(modern, name) || (!is_refused_module(modern) && looks_like_class(name));
}

bool makes_dictionary(std::string_view module, std::string_view name) {
  return (module == "collections" && (name == "OrderedDict" || name == "defaultdict")) ||
         (modern_module(module) == "builtins" && name == "dict");
}

}  // namespace mimdet
