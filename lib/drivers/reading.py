"""What every driver gives and raises.

`read()` returns (integer, exponent of ten, quality, time): the value exactly, in the unit that the
driver states; how far it can be trusted; and when it was measured, in ms of the `now` that the
driver was given (`time.ticks_ms` where it was given none). Where there is no value there is a
DriverError: an old one is never given in its place.

A driver that measures while others run has `start()`, which returns in how many ms `read()` has
the value; until then `read()` raises NOT_READY.
"""

from micropython import const

_EIO = const(5)  # what esp32 and rp2 raise where no device acknowledges: one or the other
_ENODEV = const(19)

GOOD = const(0)
FIRST = const(1)  # the first one since the start: what was before it is not known
UNCERTAIN = const(2)  # by a way that may miss something, which the driver states

NO_DEVICE = const(1)  # nothing answers at the pins or the address
BUS = const(2)  # the bus is held, or the answer breaks off
CHECKSUM = const(3)  # the answer is damaged
NOT_READY = const(4)  # not measured yet, or the last operation is under way
RANGE = const(5)  # a value that cannot be: overflow, a sensor that has just been reset
NOT_FOLLOWED = const(6)  # the read-back does not show what was switched
CHECKPOINT = const(7)  # what was counted cannot be kept or is lost
SETTING = const(8)  # the driver cannot do what it was asked for


class DriverError(Exception):
    """A driver's fault; `code` is one of the list above."""

    def __init__(self, code: int):
        super().__init__(code)
        self.code = code


def of_bus(error: OSError) -> DriverError:
    """The fault of an I2C or SPI transfer that raised an OSError."""
    return DriverError(NO_DEVICE if error.errno in (_ENODEV, _EIO) else BUS)
