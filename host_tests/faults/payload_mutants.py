"""A seeded corpus of mutated bodies for every decoder of a content format, alike everywhere.

Run inside MicroPython it prints a line of JSON: how many there were, how many were taken, the
digest of all outcomes, bytes in use at the start and at the end, the longest that one body took
in microseconds.
"""

from binascii import hexlify
from hashlib import sha256

from payloads import DEVICE, VALUES, kind_of
from virtual import Chance

from coap.message import CoapError
from lwm2m.formats import (
    cbor,
    json_oma,
    lwm2m_cbor,
    opaque,
    senml_cbor,
    senml_json,
    text,
    tlv,
)
from lwm2m.formats.number import to_double

LIMIT = 2048  # the longest body that a device collects
MODULES = (text, opaque, cbor, tlv, senml_cbor, senml_json, lwm2m_cbor, json_oma)
SINGLE = (text, opaque, cbor)
PATHS = ([9, 0, 2], [9, 0], [9], [3, 0], [3, 0, 6], [3, 0, 6, 1], [3], [])
EDITS = (
    b"\xff\x7f\x9f\xbf\x5f\x00\x80\xa0\xc1\xf9\xfb\x1b\x3b\x5b\x7b\x9b\xbb",
    b'[]{},:"\\u-+.eE0919tfn=/_ ',
)
PIECES = (
    b"\x1b\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\x9b\x7f\xff\xff\xff\xff\xff\xff\xff",
    b"\xf9\x7c\x00",
    b"\x21\x61/",
    b'{"n":"2","v":1},',
    b'"bn":"/9/0/",',
    b"\\ud83d\\ude00",
    b"1e400",
    b"[[[[",
    b"\xc8\xff\xff",
)


def valid():
    """Bodies that decoders take: (module, path, body)."""
    found = []
    everything = []
    for i in range(len(VALUES)):
        kind, value = VALUES[i]
        if isinstance(value, (str, bytes)):
            value = value[:60]
            if "\u00fc" in str(value):
                value = "ascii"  # CPython's json writes the others as escapes
        everything.append((kind, kind, {i: value}))
        for module in MODULES:
            if module is not opaque or kind == 5:
                content = [(9, 0, [(kind, kind, value)])]
                found.append((module, [9, 0, kind], bytes(module.encode(content, [9, 0, kind]))))
    for module in MODULES[3:]:
        for path in ([3], [3, 0]):
            found.append((module, path, bytes(module.encode(DEVICE, path))))
        for item in everything:
            content = [(9, 0, [item])]
            found.append((module, [9, 0], bytes(module.encode(content, [9, 0]))))
    for module in MODULES[4:]:
        found.append((module, [], bytes(module.encode(DEVICE, []))))
    for module, body in (
        (senml_json, '[{"n":"1","vs":"gr\u00fcn \\u20ac \U0001f600 \\ud83d\\ude00"}]'),
        (json_oma, '{"e":[{"n":"1","sv":"gr\u00fcn \\u20ac \U0001f600 \\ud83d\\ude00"}]}'),
        (senml_json, '[ {"n" : "3","v": -1.50E-2, "t":-5, "u":"m3"},{"n":"2","v":1e3}]'),
    ):
        found.append((module, [9, 0], body.encode()))
    for module, body in (
        (senml_cbor, b"\x9f\xbf\0\x7f\x63/9/\x630/2\xff\2\x05\xff\xbf\0\x613\2\xf9\x3e\0\xff\xff"),
        (lwm2m_cbor, b"\xbf\x09\xbf\0\xbf\2\x18\x19\x05\x5f\x41a\x41b\xff\xff\xff\xff"),
        (lwm2m_cbor, b"\xa2\2\x05\x81\3\xa2\0\xfa\x3f\x80\0\0\1\x07"),
        (tlv, b"\x08\0\x06\xc1\2\x05\x81\4\x41\0\1"),
    ):
        found.append((module, [9, 0], body))
    return found


class Bodies:
    """Mutated bodies, one after the other."""

    def __init__(self, seed):
        self.chance = Chance(seed)
        self.valid = valid()

    def next(self):
        """(module, path, body)"""
        chance = self.chance
        module, path, body = self.valid[chance.below(len(self.valid))]
        how = chance.below(24)
        if how == 0:
            body = chance(chance.below(40))
        elif how == 1:  # as deep, or as many, as it gets
            piece = chance(1 + chance.below(3))
            if chance.below(2):
                piece = EDITS[1][chance.below(25) :][: 1 + chance.below(4)]
            body = body[: chance.below(8)] + piece * (LIMIT // len(piece))
        elif how == 2:  # of another format
            module = MODULES[chance.below(len(MODULES))]
        elif how > 3:
            for _ in range(1 + chance.below(3)):
                body = self.mutated(body)
        if not chance.below(8):
            path = PATHS[chance.below(len(PATHS))]
        if len(path) < (3 if module in SINGLE else 1) and module in MODULES[:4]:
            path = PATHS[0]
        return module, path, body[:LIMIT]

    def mutated(self, body):
        """The body with one mutation."""
        chance = self.chance
        at = chance.below(len(body) + 1)
        how = chance.below(8)
        if how == 0 and at < len(body):  # a bit
            return body[:at] + bytes([body[at] ^ 1 << chance.below(8)]) + body[at + 1 :]
        if how == 1:
            return body[:at]
        if how == 2:  # a splice
            other = self.valid[chance.below(len(self.valid))][2]
            return body[:at] + other[chance.below(len(other) + 1) :]
        if how == 3:
            return body[:at] + body[at + 1 :]
        if how == 4:  # something twice
            return body[:at] + body[at : at + 1 + chance.below(16)] + body[at:]
        if how == 5:
            return body[:at] + PIECES[chance.below(len(PIECES))] + body[at:]
        edits = EDITS[chance.below(2)]
        edit = chance.below(len(edits))
        return body[:at] + edits[edit : edit + 1] + body[at + how - 6 :]


def check_item(path, where, value):
    """Is this what a decoder may return of a body that was written to `path`?"""
    assert type(where) is tuple and 2 <= len(where) <= 4, where
    for ident in where:
        assert 0 <= ident <= 65535 or ident == -1, where
    if value is None or value == {} and len(where) == 3:
        return
    kind = kind_of(where[0], where[2])
    if kind in (1, 9):
        assert type(value) is str
    elif kind in (2, 6):
        assert type(value) is int and -(1 << 63) <= value < 1 << 63
    elif kind == 8:
        assert type(value) is int and 0 <= value < 1 << 64
    elif kind == 3:
        to_double(value)  # there is such a double
    elif kind == 4:
        assert type(value) is bool
    elif kind == 5:
        assert type(value) is bytes
    elif kind == 7:
        assert 0 <= value[0] <= 65535 and 0 <= value[1] <= 65535 and len(value) == 2


def plain(module, body, path):
    """What the decoder makes of a body."""
    return module.decode(memoryview(body), path, kind_of)


def attack(count, seed, taken=None, decode=plain):
    """Decode `count` bodies; return how many were taken, and the digest of what came out.

    `taken(module, path, body, items)` sees those that were. No exception but 4.00 may leave.
    """
    bodies = Bodies(seed)
    digest = sha256()
    many = 0
    for _ in range(count):
        module, path, body = bodies.next()
        try:
            items = decode(module, body, path)
        except CoapError as error:
            assert error.code == 0x80, (module, path, body)
            continue
        except BaseException:
            print(module.__name__, path, body)
            raise
        many += 1
        # Ports check UTF-8 less strictly: what may be too long or a surrogate is not compared
        alike = not any(byte in b"\xc0\xc1\xe0\xed\xf0\xf4\xf5\xf6\xf7" for byte in body)
        for where, value in items:
            check_item(path, where, value)
            if alike:
                digest.update(repr(where).encode())
                digest.update(value.encode() if type(value) is str else repr(value).encode())
        if taken:
            taken(module, path, body, items)
    return many, hexlify(digest.digest()).decode()


class Meter:
    """Decodes, and notes the longest in microseconds and the most bytes that long bodies took."""

    longest = most = 0

    def __call__(self, module, body, path):
        if len(body) > LIMIT // 2:
            gc.collect()
        gc.disable()
        before = gc.mem_alloc()
        start = time.ticks_us()
        try:
            return plain(module, body, path)
        finally:
            self.longest = max(self.longest, time.ticks_diff(time.ticks_us(), start))
            self.most = max(self.most, gc.mem_alloc() - before)
            gc.enable()


if __name__ == "__main__":
    import gc
    import json
    import sys
    import time

    count = int(sys.argv[1])
    meter = Meter()
    many, digest = attack(count, int(sys.argv[2]), None, meter)
    print(json.dumps([count, many, digest, meter.longest, meter.most]))
