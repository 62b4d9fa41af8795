"""Bodies of requests and responses in every format that this engine knows."""

import aiocoap

from ... import values
from ...errors import CommandError
from . import cbor, plaintext, senml, tlv

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
        value = values.hexed(held) if isinstance(held, bytes) else held
        yield senml.Record(senml.canonical(path), value, None)
        return
    for key, item in held.items():
        parts = key if isinstance(key, tuple) else (key,)
        yield from walk(path + "".join("/%s" % part for part in parts), item)


def content(path: list[int], response: aiocoap.Message) -> dict:
    """`value` of a response to a request of one path, and `history` where it is time-stamped."""
    form = response.opt.content_format
    if form in senml.ALL or form == LWM2M_CBOR:
        pack = records(int(form), response.payload)
        where = "/" + "/".join(map(str, path))
        return {"value": senml.nest(where, senml.newest(pack)), **history(pack)}
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
    pack = records(int(response.opt.content_format or 0), response.payload)
    current = senml.newest(pack)
    return {"values": {path: senml.nest(path, current) for path in paths}, **history(pack)}


def history(pack: list[senml.Record]) -> dict:
    """All records, where one has a time."""
    if any(each.time is not None for each in pack):
        return {"history": senml.timed(pack)}
    return {}


def encode(command: dict, path: list[int]) -> tuple[int, bytes]:
    """The format and the body of a Write: as named, or text for one value, TLV for several."""
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
        "the engine aiocoap writes text, tlv, opaque, senml-json and senml-cbor, not %s"
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
