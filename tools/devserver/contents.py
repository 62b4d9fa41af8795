"""Bodies of the small engine in every format it knows."""

import aiocoap

from . import cbor, plaintext, senml, tlv, values
from .errors import CommandError

TEXT, LINK, OPAQUE, CBOR, TLV, LWM2M_CBOR = 0, 40, 42, 60, 11542, 11544
SENT = (senml.JSON, senml.CBOR, LWM2M_CBOR)  # the formats of a Send


def records(form: int, body: bytes) -> list[senml.Record]:
    """The values of a body that names their paths; ValueError for one that does not."""
    if form in senml.ALL:
        return senml.decode(form, body)
    if form == LWM2M_CBOR:
        return list(walk("", cbor.decode(body)))
    raise ValueError("the format %s names no paths" % values.format_name(form))


def walk(path: str, held: object):
    """The records of LwM2M CBOR: maps by identifier, or by several at once."""
    if not isinstance(held, dict):
        found = values.hexed(held) if isinstance(held, bytes) else held
        yield senml.Record(senml.canonical(path), found, None)
        return
    for key, item in held.items():
        parts = key if isinstance(key, tuple) else (key,)
        yield from walk(path + "".join("/%s" % part for part in parts), item)


def content(path: list[int], response: aiocoap.Message) -> dict:
    """`value` of a response to a request of one path, and `history` where it is time-stamped."""
    form = response.opt.content_format
    if form in senml.ALL or form == LWM2M_CBOR:
        found = records(int(form), response.payload)
        where = "/" + "/".join(map(str, path))
        return {"value": senml.nest(where, senml.newest(found)), **history(found)}
    return {"value": single(path, response)}


def single(path: list[int], response: aiocoap.Message) -> object:
    """The value of a body without paths; a format that is not known here as hex."""
    form = response.opt.content_format
    if form is None or form == TEXT:
        return plaintext.value(path, response.payload)
    if form == TLV:
        return tlv.value(path, response.payload)
    if form == CBOR:
        held = cbor.decode(response.payload)
        return values.hexed(held) if isinstance(held, bytes) else held
    return values.hexed(response.payload)


def composite(paths: list[str], response: aiocoap.Message) -> dict:
    """`values` of a composite response by path, None for what is absent; `history` as above."""
    found = records(int(response.opt.content_format or 0), response.payload)
    current = senml.newest(found)
    return {"values": {path: senml.nest(path, current) for path in paths}, **history(found)}


def history(found: list[senml.Record]) -> dict:
    """All records, where one has a time."""
    if any(each.time is not None for each in found):
        return {"history": senml.timed(found)}
    return {}


def encode(command: dict, path: list[int]) -> tuple[int, bytes]:
    """The format and the body of a Write: text for one value, TLV for several, unless told."""
    held = command["value"]
    plain = len(path) > 2 and not isinstance(held, dict)
    form = values.format_number(command.get("format", "text" if plain else "tlv"))
    if form == TEXT:
        return form, plaintext.encode(path, held)
    if form == TLV:
        return form, tlv.encode(path, held)
    if form == OPAQUE:
        return form, values.opaque(held)
    if form in senml.ALL:
        return form, senml.encode(form, list(written(path, held)))
    raise CommandError(
        "the engine small writes text, tlv, opaque, senml-json and senml-cbor, not %s"
        % command["format"]
    )


def written(path: list[int], held: object):
    """The SenML records of a value at a path of any level."""
    nested = isinstance(held, dict) and "hex" not in held and "base64" not in held
    if nested:
        for number, item in values.by_id(held, "/" + "/".join(map(str, path))).items():
            yield from written([*path, number], item)
        return
    if len(path) < 3:
        raise CommandError("/%s takes values by identifier" % "/".join(map(str, path)))
    kind = tlv.kind_of(path)
    yield senml.value_record(
        "/" + "/".join(map(str, path)),
        held,
        kind if kind and kind != "NONE" else values.guess_type(held),
    )
