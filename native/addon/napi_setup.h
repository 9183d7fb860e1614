// The only way to Node-API in this folder, and in all of native/. CMakeLists.txt defines NAPI_VERSION and the kind of exceptions.
#pragma once

#include <napi.h>
