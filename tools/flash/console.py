"""The log of a board: what its console prints, also over resets; Ctrl-C leaves."""

import codecs
import sys
import time
from collections.abc import Callable

import serial

from . import ports
from .failure import FlashError
from .progress import say

SILENCE_S = 15
_RETRY_S = 0.2
_BAUD = 115200


def _open(port: str) -> serial.Serial:
    ports.check(port)
    try:
        return serial.Serial(port, _BAUD, timeout=0.2, exclusive=True)
    except (OSError, serial.SerialException) as error:
        raise FlashError("%s: %s: plug the board in again" % (port, error)) from error


def console(
    given: str,
    out: Callable[[str], object] | None = None,
    silence: float = SILENCE_S,
    ended: Callable[[], bool] = lambda: False,
) -> None:
    """Print what comes until `ended()` or Ctrl-C; the port is opened again after a reset."""
    port = ports.find(given)
    out = out or _print
    say("%s, Ctrl-C leaves" % port)
    line = _open(port)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    heard, warned = time.monotonic(), False
    while not ended():
        try:
            data = line.read(line.in_waiting or 1)
        except (OSError, serial.SerialException, TypeError):
            line.close()
            say("the board went away; waiting for it")
            line = _again(port, ended)
            if line is None:
                break
            say("%s is back" % port)
            heard = time.monotonic()
            continue
        if data:
            out(decoder.decode(data).replace("\r\n", "\n").replace("\r", ""))
            heard, warned = time.monotonic(), False
        elif not warned and time.monotonic() - heard > silence:
            say(
                "nothing in %d s: the board sleeps, its log is off, or its console is closed "
                "(production mode)" % silence
            )
            warned = True
    if line:
        line.close()


def _again(port: str, ended: Callable[[], bool]) -> serial.Serial | None:
    """Open the port once it is back; None when that is no longer wanted."""
    while not ended():
        time.sleep(_RETRY_S)
        try:
            return _open(port)
        except FlashError as error:
            # A port that just came has the rights of root until udev has seen it.
            if "in use" in str(error):
                raise
    return None


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
