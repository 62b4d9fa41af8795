"""SenML (RFC 8428) in JSON and CBOR, both ways; of SenML-ETCH (RFC 8790) paths and values."""

import base64
import binascii
import json
import math
import time
from typing import NamedTuple

from ... import values
from ...errors import CommandError
from . import cbor

JSON, CBOR, ETCH_JSON, ETCH_CBOR = 110, 112, 320, 322
ALL = (JSON, CBOR, ETCH_JSON, ETCH_CBOR)
LABELS = {
    -1: "bver", -2: "bn", -3: "bt", -4: "bu", -5: "bv", -6: "bs",
    0: "n", 1: "u", 2: "v", 3: "vs", 4: "vb", 5: "s", 6: "t", 7: "ut", 8: "vd",
}  # fmt: skip
NUMBERS = {name: number for number, name in LABELS.items()}
RELATIVE = 1 << 28  # times below are seconds from now (RFC 8428, 4.5.3)
FIELDS = {
    "STRING": "vs",
    "CORELINK": "vs",
    "BOOLEAN": "vb",
    "OPAQUE": "vd",
    "OBJLNK": "vlo",
}


class Record(NamedTuple):
    """A value at a path; `time` in seconds since 1970, None where the sender gave none."""

    path: str
    value: object
    time: float | None


def decode(form: int, data: bytes, now: float | None = None) -> list[Record]:
    """The resolved records of a pack; ValueError where it is none."""
    now = time.time() if now is None else now
    base: dict = {}
    return [resolve(each, base, form, now) for each in raw_records(form, data)]


def raw_records(form: int, data: bytes) -> list[dict]:
    """The records as they are, by label as JSON has it."""
    if form in (CBOR, ETCH_CBOR):
        pack = cbor.decode(data)
    else:
        pack = json.loads(data, parse_constant=refuse)
    if not isinstance(pack, list) or not all(isinstance(each, dict) for each in pack):
        raise ValueError("SenML is a list of records")
    return [{LABELS.get(label, label): item for label, item in each.items()} for each in pack]


def refuse(word: str) -> None:
    """JSON has no NaN and no Infinity."""
    raise ValueError("SenML JSON has no %s" % word)


def resolve(record: dict, base: dict, form: int, now: float) -> Record:
    """A record with its base fields, which go on to the records after it."""
    for label in record:
        if isinstance(label, str) and label.endswith("_"):
            raise ValueError("SenML has the field %r, which must be understood" % label)
    base.update({label: record[label] for label in ("bn", "bt", "bv") if label in record})
    name = record.get("n", "")
    if not isinstance(name, str) or not isinstance(base.get("bn", ""), str):
        raise ValueError("SenML has a name that is no text")
    path = canonical(base.get("bn", "") + name)
    return Record(path, value(record, base, form, path), moment(record, base, now))


def canonical(name: str) -> str:
    """A name as a path; a slash at its end says nothing."""
    path = name.rstrip("/") or "/"
    try:
        values.parse_path(path)
    except CommandError as error:
        raise ValueError("SenML: %s" % error) from error
    return path


def moment(record: dict, base: dict, now: float) -> float | None:
    """When a value held."""
    if "t" not in record and "bt" not in base:
        return None
    stamp = number(base.get("bt", 0), "bt") + number(record.get("t", 0), "t")
    if stamp >= RELATIVE:
        return stamp if isinstance(stamp, int) else round(stamp, 3)
    return round(now + stamp, 3)


def number(held: object, label: str) -> float:
    """A number that has to be one."""
    if isinstance(held, bool) or not isinstance(held, (int, float)) or not math.isfinite(held):
        raise ValueError("SenML has the %s %r, which is no number" % (label, held))
    return held


def value(record: dict, base: dict, form: int, path: str) -> object:
    """The value of a record as JSON has it."""
    for label, kind in (("vs", str), ("vb", bool), ("vlo", str)):
        if label in record:
            if not isinstance(record[label], kind):
                raise ValueError("SenML has the %s %r at %s" % (label, record[label], path))
            return record[label]
    if "vd" in record:
        return values.hexed(data_value(record["vd"], form, path))
    if "v" not in record and "bv" not in base:
        raise ValueError("SenML has no value at %s" % path)
    return amount(record, base)


def amount(record: dict, base: dict) -> object:
    """A number, the base value added; only CBOR has those that are not finite."""
    held = record.get("v", 0)
    if isinstance(held, float) and not math.isfinite(held):
        return values.number(held)
    return number(held, "v") + (number(base["bv"], "bv") if "bv" in base else 0)


def data_value(held: object, form: int, path: str) -> bytes:
    """Opaque bytes: in JSON base64 for URLs, its padding left out."""
    if form in (CBOR, ETCH_CBOR) and isinstance(held, bytes):
        return held
    if form in (JSON, ETCH_JSON) and isinstance(held, str):
        try:
            return base64.urlsafe_b64decode(held + "=" * (-len(held) % 4))
        except binascii.Error as error:
            raise ValueError("SenML has the vd %r at %s" % (held, path)) from error
    raise ValueError("SenML has the vd %r at %s" % (held, path))


def encode(form: int, records: list[dict]) -> bytes:
    """A pack of records by label as JSON has it; opaque values are bytes."""
    if form in (CBOR, ETCH_CBOR):
        packed = [
            {NUMBERS.get(label, label): item for label, item in each.items()} for each in records
        ]
        return cbor.encode(packed)
    return json.dumps(records, separators=(",", ":"), default=base64_text).encode()


def base64_text(held: bytes) -> str:
    """Bytes as SenML JSON has them."""
    return base64.urlsafe_b64encode(held).rstrip(b"=").decode()


def value_record(path: str, held: object, kind: str) -> dict:
    """The record of a JSON value of LwM2M type `kind`."""
    typed = values.typed(held, kind)
    if isinstance(typed, int) and not -(1 << 63) <= typed < 1 << 64:
        raise CommandError("%d is outside an integer of 64 bits" % typed)
    if kind == "OBJLNK":
        typed = "%d:%d" % typed
    return {"n": path, FIELDS.get(kind, "v"): typed}


def nest(path: str, records: list[Record]) -> object:
    """What the records hold at `path`: its value, or values by identifier; None for nothing."""
    nested: object = None
    for each in records:
        if each.path == path:
            return each.value
        if (each.path + "/").startswith(path.rstrip("/") + "/"):
            nested = {} if nested is None else nested
            put(nested, each.path[len(path.rstrip("/")) + 1 :].split("/"), each.value)
    return nested


def put(held: dict, names: list[str], item: object) -> None:
    """Set a value some levels down."""
    for name in names[:-1]:
        held = held.setdefault(name, {})
        if not isinstance(held, dict):
            raise ValueError("SenML has values at and below /%s" % "/".join(names))
    held[names[-1]] = item


def newest(records: list[Record]) -> list[Record]:
    """The records whose time is the latest; records without one are of now."""
    if any(each.time is None for each in records):
        return [each for each in records if each.time is None]
    latest = max((each.time for each in records), default=None)
    return [each for each in records if each.time == latest]


def timed(records: list[Record]) -> list[dict]:
    """The records as events list them, in order of time."""
    ordered = sorted(records, key=lambda each: math.inf if each.time is None else each.time)
    return [
        {
            "path": each.path,
            "value": each.value,
            **({} if each.time is None else {"time": each.time}),
        }
        for each in ordered
    ]
