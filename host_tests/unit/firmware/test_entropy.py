"""The health test of random numbers: what passes, what fails, and what comes of it."""

import hashlib
import os

from firmware import entropy

SPREAD = b"".join([hashlib.sha256(bytes([i])).digest() for i in range(32)])  # 1024 bytes


class Source:
    """A source that gives these, one after the other."""

    def __init__(self, *given):
        self.given = list(given)
        self.asked = []

    def __call__(self, size):
        self.asked.append(size)
        return self.given.pop(0)


def test_the_systems_random_numbers_pass():
    for _ in range(20):
        assert entropy.healthy(os.urandom(1024))
    assert entropy.healthy(SPREAD)


def test_a_dead_source_fails():
    for byte in (0, 0xFF, 0x55):
        assert not entropy.healthy(bytes([byte]) * 1024)


def run_of(length, at):
    return SPREAD[:at] + bytes([SPREAD[at - 1] ^ 1]) * length + SPREAD[at + length :]


def test_nine_alike_in_a_row_are_too_many():
    for at in (1, 300, 508, 1015):
        assert entropy.healthy(run_of(8, at)), at
        assert not entropy.healthy(run_of(9, at)), at


def often(count, start):
    """`count` times the first byte of a window, among others that are not."""
    data = bytearray(SPREAD)
    first = data[start]
    seen = 0
    for i in range(start, start + 512):
        if data[i] == first:
            data[i] ^= 0x80
    for i in range(start, start + 512, 4):
        if seen < count:
            data[i] = first
            seen += 1
    return bytes(data)


def test_a_byte_that_is_71_of_512_is_too_many():
    for start in (0, 512):
        assert entropy.healthy(often(70, start)), start
        assert not entropy.healthy(often(71, start)), start


def test_a_source_that_has_a_few_values_fails():
    assert not entropy.healthy(bytes([i * 7 & 3 for i in range(1024)]))


def rosc(bit, state):
    """os.urandom of rp2 with the ring oscillator's bit stuck: its shift register alone."""
    data = bytearray()
    for _ in range(1024):
        for _ in range(8):
            state = (state << 1 | bit) & 0xFF ^ (0xD5 if state & 0x80 else 0)
        data.append(state)
    return bytes(data)


def test_a_stuck_bit_is_seen_behind_the_shift_register():
    for state in range(256):
        assert not entropy.healthy(rosc(0, state)), state
        assert not entropy.healthy(rosc(1, state)), state


def test_nothing_is_dialled_before_the_test_has_passed_once():
    source = Source(bytes(1024), SPREAD)
    dialled, lines = [], []
    dial = entropy.guarded(
        lambda *where: dialled.append(where) or "transport",
        lambda *event: lines.append(event),
        source,
    )
    refused = 0
    try:
        dial("host", 5684, None)
    except OSError:
        refused = 1
    assert refused
    assert (dialled, lines) == ([], [(1, "entropy")])
    assert dial("host", 5684, None) == "transport"
    assert dial("host", 5684, None) == "transport"
    assert len(dialled) == 2 and source.asked == [1024, 1024]
    assert len(lines) == 1
