// The unpickler alone: opcodes by hand, limits, and what is refused.
#include "weights/pickle.h"

#include "check.h"
#include "weights/checkpoint.h"
#include "weights/pickle_arguments.h"
#include "weights/pickle_policy.h"
#include "weights/weights_testing.h"

namespace mimdet::test {
namespace {

using namespace std::string_literals;
using Kind = PickleNode::Kind;

struct Document {
  FileBytes bytes;
  Pickle pickle;
};

Document unpickle(const std::string& text) {
  FileBytes bytes = bytes_of(text);
  ByteReader reader(bytes);
  return {bytes, read_pickle(reader)};
}

void refuse(const std::string& text, const std::string& part) { CHECK_FAILS(unpickle(text), ErrorCode::kWeights, part); }

TEST("unpickler: numbers of every width") {
  const Document document = unpickle("\x80\x02(K\xffM\xff\xffJ\xff\xff\xff\xff\x8a\x02\x00\x80\x8a\x00"
                                     "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x88NG\x40\x09\x21\xfb\x54\x44\x2d\x18t."s);
  const PickleNode* tuple = as_node(document.pickle.root, Kind::kTuple);
  CHECK(tuple && tuple->items.size() == 9);
  if (!tuple || tuple->items.size() != 9) return;
  const int64_t expected[] = {255, 65535, -1, -32768, 0, INT64_MAX};
  for (size_t i = 0; i < 6; ++i) CHECK_EQUAL(integer_of(tuple->items[i], "x"), expected[i]);
  CHECK(tuple->items[6].kind == PickleValue::Kind::kBool && tuple->items[7].kind == PickleValue::Kind::kNone);
  CHECK(tuple->items[8].number > 3.14159 && tuple->items[8].number < 3.14160);
}

TEST("unpickler: the last value of a repeated key, the memo, and a dictionary that holds itself") {
  const Document document =
      unpickle("\x80\x02}q\x00(X\x01\x00\x00\x00""aK\x01X\x01\x00\x00\x00""aK\x02X\x04\x00\x00\x00selfh\x00u."s);
  const PickleNode* dict = as_node(document.pickle.root, Kind::kDict);
  CHECK(dict && find_key(*dict, "a") && find_key(*dict, "a")->integer == 2);
  CHECK(dict && find_key(*dict, "self") && find_key(*dict, "self")->node == dict);
  CHECK(dict && !find_key(*dict, "b"));
}

TEST("unpickler: an OrderedDict as Python 2 wrote it, from a list of pairs") {
  const Document document = unpickle("\x80\x02""ccollections\nOrderedDict\n]](U\x01""aK\x07""ea\x85R."s);
  const PickleNode* dict = as_node(document.pickle.root, Kind::kDict);
  CHECK(dict && find_key(*dict, "a") && find_key(*dict, "a")->integer == 7);
}

TEST("unpickler: damage is an error, whatever the opcode wanted") {
  for (const char* text : {"", "\x80\x02", "\x80\x09.", ".", "t.", "u.", "}u.", "}K\1s.", "K\1K\1s.", "K\1b.", "(((", "0.",
                           "h\1.", "R.", "NNR.", "\x8c\xffshort.", "X\xff\xff\xff\xff.", "\x8d\xff\xff\xff\xff\xff\xff\xff\xff.",
                           "cos\n", "NN\x93.", "(o.", "a.", "]]K\1u.",
                           "I1\n.", "\x82\1.", "\x97.", "\x98.", "\xff.", "\x95\xff\xff\xff\xff\xff\xff\xff\x7f."})
    refuse(text, "");
}

TEST("unpickler: depth costs nothing, and one-byte opcodes do not fill the memory") {
  std::string deep(200000, '(');
  refuse(deep, "");
  std::string nested = "]";
  for (int i = 0; i < 200000; ++i) nested += "\x85";
  unpickle(nested + ".");  // tuples in tuples: no recursion, when freed neither
  refuse(std::string(600000, '}') + ".", "objects");
  refuse(std::string(2100000, 'N') + ".", "values");
  refuse(std::string(2100000, '(') + ".", "values");
  refuse("N" + std::string(600000, '\x94') + ".", "remembers");
}

TEST("pickle_policy: tensors, containers and plain data may be there, programs may not") {
  for (const auto& [module, name] : std::initializer_list<std::pair<const char*, const char*>>{
           {"torch._utils", "_rebuild_tensor_v2"}, {"collections", "OrderedDict"}, {"argparse", "Namespace"},
           {"pathlib", "PosixPath"}, {"__main__", "Mode"}, {"__builtin__", "set"}, {"copy_reg", "_reconstructor"},
           {"numpy.core.multiarray", "scalar"},
           {"yacs.config", "CfgNode"}, {"types", "SimpleNamespace"}, {"torch", "Size"}})
    CHECK(may_be_called(module, name));
  for (const auto& [module, name] : std::initializer_list<std::pair<const char*, const char*>>{
           {"os", "system"}, {"posix", "system"}, {"nt", "system"}, {"subprocess", "Popen"}, {"builtins", "eval"},
           {"__builtin__", "exec"}, {"builtins", "getattr"}, {"builtins", "__import__"}, {"importlib", "import_module"},
           {"runpy", "run_path"}, {"numpy", "load"}, {"torch", "load"}, {"torch.hub", "load"},
           {"os.path", "Path"}, {"types", "FunctionType"},
           {"builtins", ""}, {"", ""}, {"x", "A.b"}})
    CHECK(!may_be_called(module, name));
}

TEST("unpickler: a call of a function is refused by name, whichever opcode makes it") {
  refuse("\x80\x02""cos\nsystem\nX\x04\x00\x00\x00""echo\x85R."s, "os.system");
  refuse("\x80\x02""cos\nsystem\nX\x04\x00\x00\x00""echo\x85\x81."s, "os.system");
  refuse("\x80\x02""cos\nsystem\nX\x04\x00\x00\x00""echo\x85}\x92."s, "os.system");
  refuse("\x80\x02(cos\nsystem\nX\x04\x00\x00\x00""echoo."s, "os.system");
  refuse("\x80\x04\x8c\x0asubprocess\x8c\x05Popen\x93)R."s, "subprocess.Popen");
  refuse("\x80\x02""c__main__\n\x1b[2Jevil\n)R."s, "__main__.?[2Jevil");
  unpickle("\x80\x02""cargparse\nNamespace\n)\x81}X\x01\x00\x00\x00""aK\x01sb."s);
}

}  // namespace
}  // namespace mimdet::test
