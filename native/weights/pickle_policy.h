// What a pickle may mention. Nothing of it is called either way; this decides which files are refused. For unpickler.
#pragma once

#include <string_view>

namespace mimdet {

/// Whether a call of `module.name` may stand in a pickle: the functions that PyTorch, NumPy and Python's containers pickle
/// themselves with, and classes (by the naming convention: they start with a capital) outside of the modules that start programs
/// or load code. A class off the list is data that nobody needs, as a training script's arguments; a function off the list is an
/// attack or a mistake.
bool may_be_called(std::string_view module, std::string_view name);

/// Whether an object of that class is a dictionary: OrderedDict, defaultdict, dict.
bool makes_dictionary(std::string_view module, std::string_view name);

}  // namespace mimdet
