"""Images without a C toolchain: modules to .mpy, a LittleFS file system, one UF2 to flash."""
