"""A day of quarter-hours in one Send: how long its body is, beside that of a plain encoder.

The body is what lib/lwm2m/send.py makes of it inside MicroPython. The plain encoder is the host's
cbor2 or json, with the whole name and the whole time in every record. Both are decoded again.
"""

import json
import random
import subprocess
from dataclasses import dataclass
from decimal import Decimal

import cbor2
from host_tests.interop.meter import MICROPYTHON, environment

from .load import HERE

RECORDS = 96
QUARTER = 900
MIDNIGHT = 1_790_035_200  # s since 1970: a day of 2026
SENML_JSON, SENML_CBOR = 110, 112
DELTAS, LITRES = 850, 1130  # bytes at most in SenML CBOR
COUNTER, VOLUME = (3424, 0, 4), (3424, 0, 1)  # an Integer, and a Float in m3

# Labels of SenML CBOR (RFC 8428 section 6)
LABELS = {"bn": -2, "bt": -3, "n": 0, "v": 2, "t": 6}


@dataclass(frozen=True)
class Case:
    """What is sent: 96 values, and how many bytes they may take in SenML CBOR, 0 for any."""

    name: str
    path: tuple
    values: tuple
    limit: int = 0

    def samples(self) -> list:
        return [(MIDNIGHT + i * QUARTER, value) for i, value in enumerate(self.values)]


def _litres(chance, start):
    return [start := start + chance.randrange(256) for _ in range(RECORDS)]


def cases() -> list:
    """Readings of a meter that is busy all day, and the widest that there may be."""
    chance = random.Random(5)
    deltas = tuple(chance.randrange(256) for _ in range(RECORDS))
    litres = tuple(_litres(chance, 3_000_000_000))
    widest = (2**32 - 1,) * RECORDS
    return [
        Case("deltas, 0 to 255 l", COUNTER, deltas, DELTAS),
        Case("deltas, all of 255 l", COUNTER, (255,) * RECORDS, DELTAS),
        Case("litres from 3,000,000,000", COUNTER, litres, LITRES),
        Case("litres, all of 4,294,967,295", COUNTER, widest, LITRES),
        Case("m3 with three decimals", VOLUME, tuple((one, -3) for one in litres)),
    ]


def body(case: Case, form: int) -> bytes:
    """The body of the one Send, made inside MicroPython."""
    given = json.dumps([case.path, form, case.samples()])
    done = subprocess.run(
        [MICROPYTHON, HERE / "send_bodies.py"],
        env=environment(),
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert not done.returncode, done.stderr
    return bytes.fromhex(done.stdout)


def _number(value):
    # What a plain encoder is given for a value
    return value if isinstance(value, int) else float(Decimal(value[0]).scaleb(value[1]))


def plain(case: Case, form: int) -> bytes:
    """What who does not know base names and base times makes of it."""
    name = "/%d/%d/%d" % case.path
    records = [{"n": name, "t": time, "v": _number(value)} for time, value in case.samples()]
    if form == SENML_JSON:
        return json.dumps(records, separators=(",", ":")).encode()
    return cbor2.dumps([{LABELS[key]: one[key] for key in one} for one in records])


def decoded(data: bytes, form: int) -> list:
    """(name, time, value) of every record, resolved as RFC 8428 section 4.6 says."""
    if form == SENML_JSON:
        records = json.loads(data, parse_float=Decimal)
    else:
        names = {label: name for name, label in LABELS.items()}
        records = [{names[key]: one[key] for key in one} for one in cbor2.loads(data)]
    found = []
    base, since = "", 0
    for one in records:
        base, since = one.get("bn", base), one.get("bt", since)
        found.append((base + one.get("n", ""), since + one.get("t", 0), one["v"]))
    return found


def right(case: Case, form: int, data: bytes) -> bool:
    """Is it exactly what was measured, in order? An integer must come as one."""
    found = decoded(data, form)
    name = "/%d/%d/%d" % case.path
    if [(one[0], one[1]) for one in found] != [(name, time) for time, _ in case.samples()]:
        return False
    for (_, _, got), wanted in zip(found, case.values, strict=True):
        if isinstance(wanted, int):
            if type(got) is not int or got != wanted:
                return False
        elif isinstance(got, Decimal):
            if got != Decimal(wanted[0]).scaleb(wanted[1]):
                return False
        elif got != _number(wanted):
            return False
    return True


def table() -> list:
    """(case, format, our bytes, the plain encoder's bytes, is ours right and in its limit)."""
    rows = []
    for case in cases():
        for form in (SENML_CBOR, SENML_JSON):
            ours, theirs = body(case, form), plain(case, form)
            assert right(case, form, theirs)
            good = right(case, form, ours)
            if form == SENML_CBOR and case.limit:
                good = good and len(ours) <= case.limit
            rows.append((case, form, len(ours), len(theirs), good))
    return rows
