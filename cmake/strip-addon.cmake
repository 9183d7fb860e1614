# Makes the addon fit to travel: without the path of the LibTorch that it was linked with (lib/native.ts opens the one that was found).
# cmake -DADDON=<file> -P strip-addon.cmake
file(RPATH_REMOVE FILE "${ADDON}")
