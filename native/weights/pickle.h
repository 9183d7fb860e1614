// A pickle as a tree of values. Nothing in it is ever imported or called: a call becomes a node that says what would have been
// called with what, and torch_tensors and numpy_arrays know the few calls that mean a tensor. Text and bytes point into the file.
#pragma once

#include <deque>
#include <string_view>
#include <vector>

#include "weights/file_bytes.h"

namespace mimdet {

struct PickleNode;

struct PickleValue {
  enum class Kind : uint8_t { kNone, kBool, kInteger, kFloat, kNode };
  Kind kind = Kind::kNone;
  union {
    int64_t integer = 0;  // of kBool too
    double number;
    const PickleNode* node;
  };
};

struct PickleNode {
  enum class Kind : uint8_t {
    kText,        // `text`, UTF-8
    kBytes,       // `text`
    kBigInteger,  // `text`: more than 8 bytes, little-endian
    kTuple,       // `items`
    kList,        // `items`
    kDict,        // `items`: key, value, key, value, …
    kGlobal,      // `text` . `name`: a class or function, by name alone
    kObject,      // `items`: what would be called (or whose object it is), the arguments, the state (none until there is one)
    kPersistent,  // `items`: the identifier, by which PyTorch means a storage
  };
  Kind kind = Kind::kTuple;
  std::string_view text, name;
  std::vector<PickleValue> items;

  bool is_global(std::string_view module, std::string_view global_name) const {
    return kind == Kind::kGlobal && text == module && name == global_name;
  }
};

/// One unpickled document; owns its nodes, so cycles and depth cost nothing.
struct Pickle {
  std::deque<PickleNode> nodes;
  PickleValue root;
  std::vector<const PickleNode*> persistent;  // in the order of the file
};

/// Reads one pickle (protocols 2 to 5) from the reader's place, and leaves the reader behind it. Error(kWeights) for damage, for
/// a call of a function off the list in pickle_policy, and for more values than any checkpoint has. Depth is not limited,
/// recursion there is none.
Pickle read_pickle(ByteReader& reader);

/// The node of that kind, or null.
const PickleNode* as_node(const PickleValue& value, PickleNode::Kind kind);
/// The value of a text key of a dictionary (the last, where it is repeated), or null.
const PickleValue* find_key(const PickleNode& dict, std::string_view key);
/// "a dictionary", "an object of class argparse.Namespace", …, for messages.
std::string describe(const PickleValue& value);

}  // namespace mimdet
