"""Start-up health test of the random numbers, before the first handshake (SP 800-90B, 4.3, 4.4).

The repetition count and the adaptive proportion test over 1024 bytes, for at least 4 bits of
entropy a byte and one false alarm in 2**30; and nothing may come again as in a circle, for rp2's
bytes go through a shift register, which goes on when its source is stuck. They notice a source
that is dead; that one can be predicted, no test does.
"""

import os

from micropython import const

_TESTED = const(1024)  # the least of a start-up test
_HALF = const(512)
_ALIKE = const(9)  # in a row: 1 + 30 / 4
_STEP = const(4)  # twice in any row of _ALIKE
_PROPORTION = const(71)  # of a window's first byte, in the window
_AGAIN = const(8)  # bytes that do not come twice
_EIO = const(5)


def healthy(data: bytes) -> bool:
    """Do the bytes pass the tests?"""
    if data.find(data[:_AGAIN], 1) >= 0:
        return False
    for start in range(0, len(data), _HALF):
        window = data[start : start + _HALF]
        if window.count(window[:1]) >= _PROPORTION:
            return False
    # Of so many alike in a row two are at a distance of _STEP, at multiples of it: only those are
    # looked at, for it is the time of an RP2040 before its first datagram
    for at in range(0, len(data) - _STEP, _STEP):
        value = data[at]
        if value == data[at + _STEP]:
            around = data[max(at - _ALIKE, 0) : at + _ALIKE + _STEP]
            if around.find(bytes((value,)) * _ALIKE) >= 0:
                return False
    return True


def guarded(dialer, log, random=os.urandom):
    """The dialer, which dials only once the test has passed: OSError before."""
    passed = False

    def dial(host, port, account):
        nonlocal passed
        if not passed:
            passed = healthy(random(_TESTED))
            if not passed:
                log(1, "entropy")
                raise OSError(_EIO)
        return dialer(host, port, account)

    return dial
