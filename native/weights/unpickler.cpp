// Opcodes as in CPython's Lib/pickletools.py. Those of protocols 0 and 1 that stand in text, extension codes and out-of-band
// buffers are refused. What each of them does to the stack stands in unpickler_stack.cpp.
#include "weights/unpickler.h"

#include <bit>

#include "base/error.h"

namespace mimdet {

Pickle Unpickler::run() {
  constexpr uint8_t kStop = '.';
  for (;;) {
    const uint8_t opcode = static_cast<uint8_t>(reader_.number(1));
    if (opcode == kStop) break;
    if (number(opcode) || text(opcode) || container(opcode) || memo(opcode) || object(opcode) || frame(opcode)) continue;
    damaged_pickle("the opcode " + std::to_string(opcode) + " at byte " + std::to_string(reader_.position() - 1));
  }
  pickle_.root = pop();
  return std::move(pickle_);
}

bool Unpickler::number(uint8_t opcode) {
  switch (opcode) {
    case 'N': push({}); return true;  // NONE
    case 0x88:                        // NEWTRUE
    case 0x89: {                      // NEWFALSE
      PickleValue value;
      value.kind = PickleValue::Kind::kBool;
      value.integer = opcode == 0x88;
      push(value);
      return true;
    }
    case 'K': push_integer(static_cast<int64_t>(reader_.number(1))); return true;  // BININT1
    case 'M': push_integer(static_cast<int64_t>(reader_.number(2))); return true;  // BININT2
    case 'J': push_integer(static_cast<int32_t>(reader_.number(4))); return true;  // BININT
    case 0x8a: push_long(reader_.number(1)); return true;                          // LONG1
    case 0x8b: push_long(reader_.number(4)); return true;                          // LONG4
    case 'G': {                                                                    // BINFLOAT
      uint64_t bits = 0;
      for (int i = 0; i < 8; ++i) bits = bits << 8 | reader_.number(1);
      PickleValue value;
      value.kind = PickleValue::Kind::kFloat;
      value.number = std::bit_cast<double>(bits);
      push(value);
      return true;
    }
    default: return false;
  }
}

bool Unpickler::text(uint8_t opcode) {
  switch (opcode) {
    case 0x8c: push_text(Kind::kText, reader_.number(1)); return true;   // SHORT_BINUNICODE
    case 'X': push_text(Kind::kText, reader_.number(4)); return true;    // BINUNICODE
    case 0x8d: push_text(Kind::kText, reader_.number(8)); return true;   // BINUNICODE8
    case 'U': push_text(Kind::kBytes, reader_.number(1)); return true;   // SHORT_BINSTRING: Python 2's str
    case 'T': push_text(Kind::kBytes, reader_.number(4)); return true;   // BINSTRING
    case 'C': push_text(Kind::kBytes, reader_.number(1)); return true;   // SHORT_BINBYTES
    case 'B': push_text(Kind::kBytes, reader_.number(4)); return true;   // BINBYTES
    case 0x8e:                                                           // BINBYTES8
    case 0x96: push_text(Kind::kBytes, reader_.number(8)); return true;  // BYTEARRAY8
    default: return false;
  }
}

bool Unpickler::container(uint8_t opcode) {
  switch (opcode) {
    case '(': push_mark(); return true;     // MARK
    case ')': push_tuple(0); return true;   // EMPTY_TUPLE
    case 0x85: push_tuple(1); return true;  // TUPLE1
    case 0x86: push_tuple(2); return true;  // TUPLE2
    case 0x87: push_tuple(3); return true;  // TUPLE3
    case 't': {                             // TUPLE
      auto items = pop_to_mark();
      push_node(Kind::kTuple).items = std::move(items);
      return true;
    }
    case ']': push_node(Kind::kList); return true;             // EMPTY_LIST
    case 0x8f: push_node(Kind::kList); return true;            // EMPTY_SET
    case '}': push_node(Kind::kDict); return true;             // EMPTY_DICT
    case 'a': fill({pop()}, Kind::kList); return true;         // APPEND
    case 'e':                                                  // APPENDS
    case 0x90: fill(pop_to_mark(), Kind::kList); return true;  // ADDITEMS
    case 0x91: {                                               // FROZENSET
      auto items = pop_to_mark();
      push_node(Kind::kList).items = std::move(items);
      return true;
    }
    case 's': {  // SETITEM
      const PickleValue value = pop(), key = pop();
      fill({key, value}, Kind::kDict);
      return true;
    }
    case 'u': fill(pop_to_mark(), Kind::kDict); return true;  // SETITEMS
    case '0': pop(); return true;                             // POP
    case '1': pop_to_mark(); return true;                     // POP_MARK
    case '2': {                                               // DUP
      const PickleValue value = pop();
      push(value);
      push(value);
      return true;
    }
    default: return false;
  }
}

bool Unpickler::memo(uint8_t opcode) {
  switch (opcode) {
    case 'q': remember(reader_.number(1)); return true;  // BINPUT
    case 'r': remember(reader_.number(4)); return true;  // LONG_BINPUT
    case 0x94: remember(memo_.size()); return true;      // MEMOIZE
    case 'h': recall(reader_.number(1)); return true;    // BINGET
    case 'j': recall(reader_.number(4)); return true;    // LONG_BINGET
    default: return false;
  }
}

bool Unpickler::object(uint8_t opcode) {
  switch (opcode) {
    case 'c': {  // GLOBAL
      const std::string_view module = reader_.take_line().text(), name = reader_.take_line().text();
      push_global(module, name);
      return true;
    }
    case 0x93: {  // STACK_GLOBAL
      const PickleValue name_value = pop(), module_value = pop();
      const PickleNode* name = as_node(name_value, Kind::kText);
      const PickleNode* module = as_node(module_value, Kind::kText);
      if (!name || !module) damaged_pickle("a class whose name is no text");
      push_global(module->text, name->text);
      return true;
    }
    case 'R':     // REDUCE
    case 0x81: {  // NEWOBJ
      const PickleValue arguments = pop(), callee = pop();
      push_call(callee, arguments);
      return true;
    }
    case 0x92: {  // NEWOBJ_EX
      pop();      // keyword arguments
      const PickleValue arguments = pop(), callee = pop();
      push_call(callee, arguments);
      return true;
    }
    case 'o': {  // OBJ
      auto items = pop_to_mark();
      if (items.empty()) damaged_pickle("an object without a class");
      push_node(Kind::kTuple).items.assign(items.begin() + 1, items.end());
      push_call(items.front(), pop());
      return true;
    }
    case 'b': build(); return true;  // BUILD
    case 'Q': {                      // BINPERSID
      const PickleValue identifier = pop();
      PickleNode& node = push_node(Kind::kPersistent);
      node.items = {identifier};
      pickle_.persistent.push_back(&node);
      return true;
    }
    default: return false;
  }
}

bool Unpickler::frame(uint8_t opcode) {
  if (opcode == 0x80) {  // PROTO
    const uint64_t protocol = reader_.number(1);
    if (protocol > 5) damaged_pickle("protocol " + std::to_string(protocol));
    return true;
  }
  if (opcode != 0x95) return false;  // FRAME
  if (reader_.number(8) > reader_.left()) damaged_pickle("one that is cut short (a frame reaches beyond the end)");
  return true;
}

Pickle read_pickle(ByteReader& reader) { return Unpickler(reader).run(); }

}  // namespace mimdet
