# What MicroPython's qemu port has not: a clock, and AES and SHA-256 of Mbed TLS (no TLS, so no entropy).
SRC_USERMOD_C += $(USERMOD_DIR)/ticks.c $(USERMOD_DIR)/crypto.c
MBEDTLS = $(TOP)/lib/mbedtls
CFLAGS += -I$(USERMOD_DIR) -I$(MBEDTLS) -I$(MBEDTLS)/include -I$(MBEDTLS)/library
CFLAGS += -DMBEDTLS_CONFIG_FILE='"crypto_config.h"' -DMICROPY_SSL_MBEDTLS=1
