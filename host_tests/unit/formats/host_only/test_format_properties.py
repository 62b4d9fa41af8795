"""Properties of the content formats, by hypothesis (CPython only).

What is written is read back, by us and by decoders that are not ours.
"""

import io
import json
from base64 import b64decode, urlsafe_b64decode
from decimal import Decimal

import cbor2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from payloads import kind_of

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
from lwm2m.formats.number import from_ieee, from_text, to_double, to_text
from lwm2m.model import Lwm2mError

settings.register_profile(
    "here", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("here")

STRUCTURED = (tlv, senml_cbor, senml_json, lwm2m_cbor, json_oma)
SINGLE = (text, cbor, *STRUCTURED)

IDS = st.integers(0, 65534)
STRINGS = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
DECIMALS = st.tuples(st.integers(-(10**17), 10**17), st.integers(-25, 20))
BY_KIND = {
    1: STRINGS,
    2: st.integers(-(1 << 63), (1 << 63) - 1),
    3: DECIMALS | st.integers(-(1 << 60), 1 << 60),
    4: st.booleans(),
    5: st.binary(max_size=40),
    6: st.integers(-(1 << 63), (1 << 63) - 1),
    7: st.tuples(st.integers(0, 65535), st.integers(0, 65535)),
    8: st.integers(0, (1 << 64) - 1),
    9: STRINGS,
}
VALUES = st.integers(1, 9).flatmap(lambda kind: st.tuples(st.just(kind), BY_KIND[kind]))


def resource(kind):
    """A Resource of Object 9, whose IDs are their types: single, or multiple."""
    values = BY_KIND[kind]
    several = st.dictionaries(IDS, values, min_size=1, max_size=3)
    return st.tuples(st.just(kind), st.just(kind), values | several)


RESOURCES = st.sets(st.integers(1, 9), min_size=1).flatmap(
    lambda kinds: st.tuples(*(resource(kind) for kind in sorted(kinds)))
)
CONTENT = st.dictionaries(IDS, RESOURCES, min_size=1, max_size=3).map(
    lambda found: [(9, iid, list(found[iid])) for iid in sorted(found)]
)


def flat(content):
    """The values as a decoder returns them."""
    found = {}
    for oid, iid, resources in content:
        for rid, _, value in resources:
            if isinstance(value, dict):
                found.update({(oid, iid, rid, riid): value[riid] for riid in value})
            else:
                found[oid, iid, rid] = value
    return sorted(found.items())


def exact(items):
    """Items whose Floats are the doubles that they stand for."""
    return [(where, to_double(v) if where[2] == 3 else v) for where, v in items]


def decode(module, body, path):
    return module.decode(memoryview(bytes(body)), path, kind_of)


@given(CONTENT)
def test_objects_come_back_in_every_format(content):
    for module in STRUCTURED:
        items = decode(module, module.encode(content, [9]), [9])
        assert exact(sorted(items)) == exact(flat(content)), module
    for module in STRUCTURED[1:]:
        items = decode(module, module.encode(content, []), [])
        assert exact(items) == exact(flat(content)), module


@given(CONTENT)
def test_instances_and_resources_come_back_in_every_format(content):
    oid, iid, resources = content[0]
    rid, kind, value = resources[0]
    for path, part in (
        ([oid, iid], [content[0]]),
        ([oid, iid, rid], [(oid, iid, [(rid, kind, value)])]),
    ):
        for module in STRUCTURED:
            items = decode(module, module.encode(part, path), path)
            assert exact(sorted(items)) == exact(flat(part)), (module, path)


@given(VALUES, IDS)
def test_one_value_comes_back_in_every_format(typed, riid):
    kind, value = typed
    modules = (*SINGLE, opaque) if kind == 5 else SINGLE
    for path, there in (([9, 0, kind], value), ([9, 0, kind, riid], {riid: value})):
        for module in modules:
            items = decode(module, module.encode([(9, 0, [(kind, kind, there)])], path), path)
            assert exact(items) == exact([(tuple(path), value)]), module


def plain(value, kind):
    """A value as another decoder sees it."""
    if kind == 7:
        return "%d:%d" % value
    if kind == 3:
        return to_double(value)
    return value


def seen(value, kind):
    """What another decoder saw, Floats as doubles, Opaque as bytes."""
    if kind == 3:
        return to_double(from_text(str(Decimal(str(value)))))
    if kind == 5 and isinstance(value, str):
        return urlsafe_b64decode(value + "==") if "+" not in value else b64decode(value)
    return value


@given(VALUES)
def test_independent_decoders_agree(typed):
    kind, value = typed
    content, path = [(9, 0, [(kind, kind, value)])], [9, 0, kind]
    raw = cbor2.loads(cbor.encode(content, path)) if kind != 6 else None
    records = cbor2.loads(senml_cbor.encode(content, path))
    assert len(records) == 1 and records[0].pop(-2) == "/9/0/%d" % kind
    ((_, packed),) = records[0].items()
    tree = io.BytesIO(lwm2m_cbor.encode(content, path))
    nested = cbor2.CBORDecoder(tree).decode()[9, 0][kind] if kind != 6 else None
    senml = json.loads(senml_json.encode(content, path), parse_float=Decimal)[0]
    oma = json.loads(json_oma.encode(content, path), parse_float=Decimal)["e"][0]
    del senml["bn"]
    found = [packed, *senml.values(), *oma.values()]
    if kind != 6:  # of tag 1 cbor2 makes a date
        found += [raw, nested]
    assert len(found) == (3 if kind == 6 else 5)
    for one in found:
        if kind == 5 and one is found[2]:
            one = b64decode(one)
        assert seen(one, kind) == plain(value, kind), found
    text_of = bytes(text.encode(content, path))
    if kind in (2, 6, 8):
        assert int(text_of) == value


@given(DECIMALS)
def test_decimals_are_written_and_read_exactly(decimal):
    written = to_text(decimal)
    assert Decimal(written) == Decimal(decimal[0]).scaleb(decimal[1])
    mantissa, exponent = from_text(written)
    assert Decimal(mantissa).scaleb(exponent) == Decimal(written)
    assert json.loads(written, parse_float=Decimal, parse_int=Decimal) == Decimal(written)


@given(st.tuples(st.integers(-(1 << 250), 1 << 250), st.integers(-400, 400)))
def test_decimal_fractions_and_bignums_are_what_another_encoder_meant(parts):
    mantissa, exponent = parts
    sign, digits = mantissa < 0, tuple(map(int, str(abs(mantissa))))
    data = cbor2.dumps(Decimal((sign, digits, exponent)))
    assert data[0] == 0xC4
    assert cbor.Reader(data, [], None).next() == (mantissa, exponent)
    assert cbor.Reader(cbor2.dumps(mantissa), [], None).next() == mantissa


@given(st.sampled_from((2, 3, 4)), st.binary(max_size=12))
def test_a_tagged_number_is_what_another_decoder_reads_or_it_is_refused(tag, body):
    data = bytes([0xC0 | tag]) + body
    reader = cbor.Reader(data, [], None)
    try:
        found = reader.next()
    except (ValueError, LookupError):
        return
    try:
        other = cbor2.loads(data[: reader.start])
    except cbor2.CBORDecodeError:
        raise AssertionError("taken: " + data.hex())
    mantissa, exponent = (found, 0) if isinstance(found, int) else found
    assert Decimal(mantissa).scaleb(exponent) == other


@given(st.floats(width=16) | st.floats(width=32) | st.floats())
def test_floats_of_every_width_are_read_as_the_double_they_were(value):
    for canonical in (False, True):
        data = cbor2.dumps(value, canonical=canonical)
        try:
            found = from_ieee(data[1:], True)
        except ValueError:
            assert value != value or abs(value) == float("inf") or abs(value) < 2.3e-308
            continue
        assert float(Decimal(found[0]).scaleb(found[1])) == value


@given(st.sampled_from(SINGLE), st.binary(max_size=60), st.sampled_from(([9, 0, 3], [9, 0, 1])))
def test_any_bytes_are_taken_or_refused(module, body, path):
    try:
        decode(module, body, path)
    except Lwm2mError as error:
        assert error.code == 0x80
