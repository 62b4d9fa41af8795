"""A million mutated bodies over all decoders: nothing leaves but 4.00, nothing wrong is taken."""

import io
import json
import time
from collections import Counter
from decimal import Decimal

import cbor2
import pytest
from payload_mutants import attack
from payloads import FLOAT, OBJLNK, kind_of
from port import on_port

from lwm2m.formats import cbor, json_oma, lwm2m_cbor, senml_cbor, senml_json

COUNT = 100000
BINARY = (cbor, senml_cbor, lwm2m_cbor)
JSON = (senml_json, json_oma)
_VALUES = (2, 3, 4, 8, "vlo", "v", "vs", "vb", "vd", "sv", "bv", "ov")


def flat(tree):
    """The values that an independent decoder found, keys left out."""
    if isinstance(tree, list):
        return [value for one in tree for value in flat(one)]
    if isinstance(tree, dict):
        records = [value for key, value in tree.items() if key in _VALUES]
        inner = [value for value in tree.values() if isinstance(value, list | dict)]
        return flat(records + inner)
    return [tree]


def tree(body):
    """All values in a LwM2M CBOR body."""
    return [v for one in body.values() for v in tree(one)] if isinstance(body, dict) else [body]


def normal(value, kind=0):
    """A value as one that compares whatever decoder it came from."""
    if kind == OBJLNK:
        return "%d:%d" % value
    if isinstance(value, tuple):
        value = Decimal(value[0]).scaleb(value[1])
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return float(value) + 0.0 if kind in (0, FLOAT) else value  # -0.0 is 0.0
    return value


class Comparison:
    """What was taken, held against decoders that are not ours."""

    def __init__(self):
        self.taken = Counter()

    def __call__(self, module, path, body, items):
        self.taken[module] += 1
        if module in BINARY:
            if any(0xC0 <= byte < 0xE0 for byte in body):
                return  # cbor2 makes something of tags
            rest = io.BytesIO(body)
            found = cbor2.CBORDecoder(rest).decode()
            assert not rest.read(), body
            found = flat(found) if module is senml_cbor else tree(found)
            if module is lwm2m_cbor and len(found) < len(items):
                return  # a key twice in a map, of which cbor2 keeps the last
        elif module in JSON:
            found = flat(json.loads(body, parse_float=Decimal))
        else:
            return
        texts = {repr(normal(value)) for value in found}
        for where, value in items:
            kind = kind_of(where[0], where[2])
            if kind in (1, 2, 3, 4, 6, 7, 8, 9) and value is not None:
                about = (module.__name__, path, body, where, value, found)
                assert repr(normal(normal(value, kind))) in texts, about


def run(count, seed):
    comparison = Comparison()
    started = time.perf_counter()
    many, _ = attack(count, seed, comparison)
    assert many > count / 20 and len(comparison.taken) == 8, comparison.taken
    assert min(comparison.taken.values()) > count / 1000, comparison.taken
    assert time.perf_counter() - started < count / 1000  # a millisecond each, on the slowest host


def test_mutated_bodies_are_refused_or_taken_as_others_take_them():
    run(COUNT, 1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 11))
def test_many_more_mutated_bodies(seed):
    run(COUNT, seed)


def test_mutated_bodies_inside_micropython_in_bounded_memory():
    count = 20000
    _, digest = attack(count, 11)
    ran = on_port(["host_tests/faults/payload_mutants.py", count, 11])
    assert ran.returncode == 0, ran.stderr + ran.stdout
    row = json.loads(ran.stdout)
    assert row[0] == count and row[2] == digest, row
    assert row[3] < 1000000, row
    assert row[4] < 393216, row  # of 64-bit words, all garbage counted, for bodies of 2,048 B
