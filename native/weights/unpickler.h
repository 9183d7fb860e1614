// The pickle machine: a stack, marks and a memo, one opcode after the other. For read_pickle alone.
#pragma once

#include <unordered_map>
#include <vector>

#include "weights/pickle.h"

namespace mimdet {

class Unpickler {
 public:
  explicit Unpickler(ByteReader& reader) : reader_(reader) {}
  Pickle run();

 private:
  using Kind = PickleNode::Kind;

  // Each returns whether the opcode was of its kind.
  bool number(uint8_t opcode);
  bool text(uint8_t opcode);
  bool container(uint8_t opcode);
  bool memo(uint8_t opcode);
  bool object(uint8_t opcode);
  bool frame(uint8_t opcode);

  void count_value();
  void push(PickleValue value);
  void push_mark();
  PickleNode& push_node(Kind kind);
  PickleValue pop();
  std::vector<PickleValue> pop_to_mark();
  /// The node on top of the stack, to be filled.
  PickleNode& top_node();

  void push_integer(int64_t value);
  void push_long(size_t bytes);
  void push_text(Kind kind, uint64_t bytes);
  void push_tuple(size_t count);
  void push_global(std::string_view module, std::string_view name);
  void push_call(PickleValue callee, PickleValue arguments);
  void push_dictionary(PickleValue arguments);
  void fill(std::vector<PickleValue> items, Kind kind);
  void build();
  void remember(uint64_t key);
  void recall(uint64_t key);

  ByteReader& reader_;
  Pickle pickle_;
  std::vector<PickleValue> stack_;
  std::vector<size_t> marks_;  // heights of the stack
  std::unordered_map<uint64_t, PickleValue> memo_;
  size_t values_ = 0;
};

[[noreturn]] void damaged_pickle(const std::string& received);

}  // namespace mimdet
