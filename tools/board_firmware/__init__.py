"""A board's MicroPython, built from Debian's source packages or from a checkout."""
