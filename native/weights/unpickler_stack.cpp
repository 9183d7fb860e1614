// What the opcodes of unpickler.cpp do: the stack, the memo, and the nodes they make. Every growth is counted.
#include <algorithm>

#include "base/error.h"
#include "weights/named_tensor.h"
#include "weights/pickle_policy.h"
#include "weights/unpickler.h"

namespace mimdet {
namespace {

// A large model with its optimizer's state has some 50,000 values. The limits keep a pickle of one-byte opcodes from becoming
// a hundred times its size in memory.
constexpr size_t kMostValues = 2'000'000, kMostNodes = 500'000, kMostMemo = 500'000;

[[noreturn]] void refused(std::string_view module, std::string_view name) {
  fail_expected(ErrorCode::kWeights, "a pickle of tensors", "checkpoint",
                "one that calls " + show_name(module) + "." + show_name(name) + ", which is refused (nothing of it was called)");
}

}  // namespace

void damaged_pickle(const std::string& received) {
  fail_expected(ErrorCode::kWeights, "a pickle as PyTorch, NumPy or detectron2 write it", "checkpoint", received);
}

void Unpickler::count_value() {
  if (++values_ > kMostValues) damaged_pickle("one of more than " + std::to_string(kMostValues) + " values");
}

void Unpickler::push(PickleValue value) {
  count_value();
  stack_.push_back(value);
}

PickleNode& Unpickler::push_node(Kind kind) {
  if (pickle_.nodes.size() >= kMostNodes) damaged_pickle("one of more than " + std::to_string(kMostNodes) + " objects");
  PickleNode& node = pickle_.nodes.emplace_back();
  node.kind = kind;
  PickleValue value;
  value.kind = PickleValue::Kind::kNode;
  value.node = &node;
  push(value);
  return node;
}

void Unpickler::push_mark() {
  count_value();
  marks_.push_back(stack_.size());
}

PickleValue Unpickler::pop() {
  if (stack_.empty() || (!marks_.empty() && stack_.size() <= marks_.back()))
    damaged_pickle("one that takes more values than it has");
  const PickleValue value = stack_.back();
  stack_.pop_back();
  return value;
}

std::vector<PickleValue> Unpickler::pop_to_mark() {
  if (marks_.empty()) damaged_pickle("one that takes more values than it has");
  const auto first = stack_.begin() + static_cast<ptrdiff_t>(marks_.back());
  std::vector<PickleValue> items(first, stack_.end());
  stack_.erase(first, stack_.end());
  marks_.pop_back();
  return items;
}

PickleNode& Unpickler::top_node() {
  const PickleValue value = pop();
  push(value);
  if (value.kind != PickleValue::Kind::kNode) damaged_pickle("one that fills a number");
  return const_cast<PickleNode&>(*value.node);  // all nodes are ours, in pickle_.nodes; only readers see them const
}

void Unpickler::push_integer(int64_t integer) {
  PickleValue value;
  value.kind = PickleValue::Kind::kInteger;
  value.integer = integer;
  push(value);
}

void Unpickler::push_long(size_t bytes) {
  const FileBytes digits = reader_.take(bytes);
  if (bytes > 8) {
    push_node(Kind::kBigInteger).text = digits.text();
    return;
  }
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; ++i) value |= static_cast<uint64_t>(digits.data[i]) << (8 * i);
  const bool negative = bytes > 0 && (static_cast<uint8_t>(digits.data[bytes - 1]) & 0x80);
  if (negative && bytes < 8) value |= ~uint64_t{0} << (8 * bytes);
  push_integer(static_cast<int64_t>(value));
}

void Unpickler::push_text(Kind kind, uint64_t bytes) {
  const std::string_view content = reader_.take(bytes).text();
  push_node(kind).text = content;
}

void Unpickler::push_tuple(size_t count) {
  std::vector<PickleValue> items(count);
  for (size_t i = count; i-- > 0;) items[i] = pop();
  push_node(Kind::kTuple).items = std::move(items);
}

void Unpickler::push_global(std::string_view module, std::string_view name) {
  PickleNode& node = push_node(Kind::kGlobal);
  node.text = module;
  node.name = name;
}

void Unpickler::push_call(PickleValue callee, PickleValue arguments) {
  const PickleNode* global = as_node(callee, Kind::kGlobal);
  if (!global) damaged_pickle("one that calls what has no name");
  if (!may_be_called(global->text, global->name)) refused(global->text, global->name);
  if (makes_dictionary(global->text, global->name)) return push_dictionary(arguments);
  push_node(Kind::kObject).items = {callee, arguments, PickleValue{}};
}

void Unpickler::push_dictionary(PickleValue arguments) {
  PickleNode& dictionary = push_node(Kind::kDict);
  const PickleNode* given = as_node(arguments, Kind::kTuple);
  const PickleNode* pairs = given && !given->items.empty() ? as_node(given->items[0], Kind::kList) : nullptr;
  if (!pairs) return;
  for (const PickleValue& item : pairs->items) {  // Python 2: OrderedDict([[key, value], …])
    count_value();
    const PickleNode* pair = as_node(item, Kind::kList);
    if (!pair) pair = as_node(item, Kind::kTuple);
    if (!pair || pair->items.size() != 2) damaged_pickle("a dictionary of things that are no pairs");
    dictionary.items.insert(dictionary.items.end(), pair->items.begin(), pair->items.end());
  }
}

void Unpickler::fill(std::vector<PickleValue> items, Kind kind) {
  PickleNode& target = top_node();
  if (target.kind == Kind::kObject) return;  // an object of an unknown class may be a list or a dictionary: nobody needs it
  if (target.kind != kind || (kind == Kind::kDict && items.size() % 2 != 0))
    damaged_pickle("one that fills something that is no container");
  target.items.insert(target.items.end(), items.begin(), items.end());
}

void Unpickler::build() {
  const PickleValue state = pop();
  PickleNode& target = top_node();
  if (target.kind == Kind::kObject) target.items[2] = state;
  else if (target.kind != Kind::kDict && target.kind != Kind::kList)
    damaged_pickle("one that sets the state of something that has none");
}

void Unpickler::remember(uint64_t key) {
  if (memo_.size() >= kMostMemo) damaged_pickle("one that remembers more than " + std::to_string(kMostMemo) + " values");
  const PickleValue value = pop();
  push(value);
  memo_[key] = value;
}

void Unpickler::recall(uint64_t key) {
  const auto found = memo_.find(key);
  if (found == memo_.end()) damaged_pickle("one that recalls what it never had");
  push(found->second);
}

}  // namespace mimdet
