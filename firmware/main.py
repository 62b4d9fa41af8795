"""MicroPython runs this file by name, and only as source. It is the same on every board."""

import slots

slots.start()
