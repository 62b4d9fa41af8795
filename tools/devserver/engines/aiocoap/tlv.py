"""OMA TLV (LwM2M core, 7.4.3), as far as this engine needs it; types come from models.py."""

import struct

from ... import models, values
from ...errors import CommandError

INSTANCE, RESOURCE_INSTANCE, MULTIPLE, RESOURCE = range(4)
NESTED = (INSTANCE, MULTIPLE)
INTEGER_WIDTHS = {1: ">b", 2: ">h", 4: ">i", 8: ">q"}
FLOAT_WIDTHS = {4: ">f", 8: ">d"}


def decode(data: bytes) -> list[tuple]:
    """The (kind, identifier, bytes or nested list) of a TLV body."""
    elements, place = [], 0
    while place < len(data):
        kind, number, body, place = element(data, place)
        elements.append((kind, number, decode(body) if kind in NESTED else body))
    return elements


def element(data: bytes, place: int) -> tuple:
    """One TLV at `place`: kind, identifier, body and where the next begins."""
    head, wide, length_size = data[place], data[place] >> 5 & 1, data[place] >> 3 & 3
    start = place + 2 + wide + length_size
    number = int.from_bytes(data[place + 1 : place + 2 + wide], "big")
    length = int.from_bytes(data[place + 2 + wide : start], "big") if length_size else head & 7
    if start + length > len(data):
        raise ValueError("TLV of %d bytes ends within an element at %d" % (len(data), place))
    return head >> 6, number, data[start : start + length], start + length


def encode_element(kind: int, number: int, body: bytes) -> bytes:
    """One TLV."""
    head, size = kind << 6, b""
    if len(body) < 8:
        head |= len(body)
    else:
        size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
        head |= len(size) << 3
    if number > 255:
        return bytes([head | 0x20]) + number.to_bytes(2, "big") + size + body
    return bytes([head, number]) + size + body


def scalar(data: bytes, kind: str) -> object:
    """The value of bytes of LwM2M type `kind`, as JSON has it."""
    if kind in ("STRING", "CORELINK"):
        return data.decode()
    if kind in ("INTEGER", "TIME"):
        return struct.unpack(INTEGER_WIDTHS.get(len(data), ">q"), data)[0]
    if kind == "UNSIGNED_INTEGER":
        return int.from_bytes(data, "big")
    if kind == "FLOAT":
        return values.number(struct.unpack(FLOAT_WIDTHS.get(len(data), ">d"), data)[0])
    if kind == "BOOLEAN":
        return data == b"\x01"
    if kind == "OBJLNK":
        return "%d:%d" % struct.unpack(">HH", data)
    return values.hexed(data)


def scalar_bytes(value: object, kind: str) -> bytes:
    """The bytes of a JSON value of LwM2M type `kind`."""
    value = values.typed(value, kind)
    if kind in ("INTEGER", "TIME"):
        return integer_bytes(value)
    if kind == "UNSIGNED_INTEGER":
        return value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big")
    if kind == "FLOAT":
        return struct.pack(">d", value)
    if kind == "OBJLNK":
        return struct.pack(">HH", *value)
    if kind == "BOOLEAN":
        return bytes([value])
    return value if kind == "OPAQUE" else value.encode()


def integer_bytes(value: int) -> bytes:
    """A signed integer in the fewest of 1, 2, 4 or 8 bytes."""
    for width, code in INTEGER_WIDTHS.items():
        if -(1 << 8 * width - 1) <= value < 1 << 8 * width - 1:
            return struct.pack(code, value)
    raise CommandError("%d is outside an integer of 64 bits" % value)


def kind_of(path: list[int]) -> str | None:
    """The type that models.py knows for the resource at `path`."""
    known = models.resource(path[0], path[2])
    return known["type"] if known else None


def resource_value(path: list[int], entry: tuple) -> object:
    """The value of a resource entry, {"0": ...} when multiple; hex where the type is unknown."""
    kind = kind_of(path) or "OPAQUE"
    if entry[0] == MULTIPLE:
        return {str(each[1]): scalar(each[2], kind) for each in entry[2]}
    return scalar(entry[2], kind)


def instance_value(path: list[int], entries: list[tuple]) -> dict:
    """The resources of an instance."""
    return {str(each[1]): resource_value([*path[:2], each[1]], each) for each in entries}


def below(entries: list[tuple], kind: int, number: int) -> list[tuple]:
    """The entries within the nested entry of `kind` and `number`; clients may leave it out."""
    for entry in entries:
        if entry[0] == kind and entry[1] == number:
            return entry[2]
    return entries


def value(path: list[int], data: bytes) -> object:
    """The value that the body of a Read of `path` holds, as JSON has it."""
    entries = decode(data)
    if len(path) == 1:
        return object_value(path, entries)
    entries = below(entries, INSTANCE, path[1])
    if len(path) == 2:
        return instance_value(path, entries)
    if len(path) == 4:
        entries = below(entries, MULTIPLE, path[2])
    for entry in entries:
        if entry[1] == path[-1]:
            return resource_value(path, entry)
    raise ValueError("TLV without /%s" % "/".join(map(str, path)))


def object_value(path: list[int], entries: list[tuple]) -> dict:
    """The instances of an object; its only instance may come without its frame."""
    if entries and entries[0][0] != INSTANCE:
        return {"0": instance_value([*path, 0], entries)}
    return {str(each[1]): instance_value([*path, each[1]], each[2]) for each in entries}


def encode_resource(path: list[int], held: object) -> bytes:
    """The TLV of one resource, single or multiple."""
    known = models.resource(path[0], path[2])
    if known and known["multiple"]:
        items = values.by_id(held, "the multiple resource /%d/%d/%d" % tuple(path[:3]))
        inner = [
            encode_element(RESOURCE_INSTANCE, number, scalar_bytes(item, known["type"]))
            for number, item in items.items()
        ]
        return encode_element(MULTIPLE, path[2], b"".join(inner))
    kind = known["type"] if known else values.guess_type(held)
    return encode_element(RESOURCE, path[2], scalar_bytes(held, kind))


def encode(path: list[int], held: object) -> bytes:
    """The body of a Write of `held` to an instance, a resource or a resource instance."""
    if len(path) == 2:
        items = values.by_id(held, "an instance")
        return b"".join(encode_resource([*path, number], item) for number, item in items.items())
    if len(path) == 4:
        kind = kind_of(path) or values.guess_type(held)
        return encode_element(RESOURCE_INSTANCE, path[3], scalar_bytes(held, kind))
    return encode_resource(path, held)
