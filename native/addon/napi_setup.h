// The only way to Node-API in this folder, and in the whole of native/. CMakeLists.txt defines NAPI_VERSION and the kind of exceptions.
#pragma once

#include <napi.h>
