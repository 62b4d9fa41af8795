"""Inside MicroPython: the corpus of mutate.py, with an eye on memory and on time.

Prints a line of JSON every 10,000 messages: how many there were, the digest of what was sent since
the line before, bytes in use, and the longest that one message took, in microseconds.
"""

import gc
import json
import sys
import time

from mutate import Victim, attack

_longest = 0
_feed = Victim.feed


def _timed(self, datagram):
    global _longest
    start = time.ticks_us()
    sent = _feed(self, datagram)
    _longest = max(_longest, time.ticks_diff(time.ticks_us(), start))
    return sent


def _note(number, digest):
    global _longest
    gc.collect()
    print(json.dumps([number, digest, gc.mem_alloc(), _longest]))
    _longest = 0


if __name__ == "__main__":
    Victim.feed = _timed
    attack(int(sys.argv[1]), int(sys.argv[2]), None, 10000, _note)
