// Parts of Mbed TLS as one unit: its own makefiles would build all of it.
#include "library/aes.c"
#include "library/sha256.c"
#include "library/platform_util.c"
