"""MicroPython runs this file by name, and only as source: the meter is in meter.mpy."""

import meter

meter.run()
