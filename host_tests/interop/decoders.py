"""Independent readers of what the meter answers: each gives {path: value}.

They know nothing of lib/: TLV is read here, JSON by json, CBOR by cbor2.
"""

import base64
import json
import struct

import cbor2

INSTANCE, ITEM, MULTIPLE, RESOURCE = range(4)
LABELS = {-2: "bn", 0: "n", 2: "v", 3: "vs", 4: "vb", 8: "vd"}


def tlv_tree(data: bytes) -> list:
    """(kind, ID, bytes or list) of every element of a TLV body."""
    found = []
    at = 0
    while at < len(data):
        head = data[at]
        wide = 1 + (head >> 5 & 1)
        ident = int.from_bytes(data[at + 1 : at + 1 + wide], "big")
        at += 1 + wide
        count = head >> 3 & 3
        length = int.from_bytes(data[at : at + count], "big") if count else head & 7
        body = data[at + count : at + count + length]
        assert len(body) == length, "it ends within an element"
        at += count + length
        kind = head >> 6
        found.append((kind, ident, tlv_tree(body) if kind in (INSTANCE, MULTIPLE) else body))
    return found


def tlv(data: bytes, path: str) -> dict:
    """The values as bytes: a TLV does not say their types."""
    found = {}
    ids = path.strip("/").split("/")

    def walk(elements, above):
        for _kind, ident, body in elements:
            here = above + "/%d" % ident
            if isinstance(body, list):
                walk(body, here)
            else:
                assert here not in found, here
                found[here] = body

    top = tlv_tree(data)
    depth = min(len(ids), 2 if top and top[0][0] in (MULTIPLE, RESOURCE) else 3)
    if top and top[0][0] == INSTANCE:
        depth = 1
    walk(top, "".join("/" + ident for ident in ids[:depth]))
    return found


def tlv_value(body: bytes, like):
    """Bytes of a TLV as a value of the type of `like`."""
    if isinstance(like, bool):
        assert body in (b"\x00", b"\x01")
        return body == b"\x01"
    if isinstance(like, int):
        assert len(body) in (1, 2, 4, 8)
        return int.from_bytes(body, "big", signed=True)
    if isinstance(like, float):
        return struct.unpack({4: ">f", 8: ">d"}[len(body)], body)[0]
    if isinstance(like, dict):
        return {"hex": body.hex()}
    return body.decode()


def _pack(records: list) -> dict:
    found = {}
    base = ""
    for record in records:
        base = record.get("bn", base)
        path = base + record.get("n", "")
        assert path not in found, path
        values = {key: value for key, value in record.items() if key not in ("bn", "n")}
        assert len(values) == 1, record  # one value, nothing else
        [(key, value)] = values.items()
        if key == "vd":
            if isinstance(value, str):
                value = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
            value = {"hex": value.hex()}
        found[path] = value
    return found


def senml_json(data: bytes, path: str) -> dict:
    return _pack(json.loads(data))


def senml_cbor(data: bytes, path: str) -> dict:
    records = cbor2.loads(data)
    return _pack([{LABELS.get(k, k): v for k, v in record.items()} for record in records])


def json_oma(data: bytes, path: str) -> dict:
    """The format 11543 of LwM2M 1.0; an opaque value stays a text of base64."""
    whole = json.loads(data)
    found = {}
    for record in whole["e"]:
        [value] = [record[key] for key in record if key != "n"]
        found[whole["bn"] + record.get("n", "")] = value
    return found


def lwm2m_cbor(data: bytes, path: str) -> dict:
    found = {}

    def walk(value, above):
        if not isinstance(value, dict):
            found[above] = {"hex": value.hex()} if isinstance(value, bytes) else value
            return
        for key, below in value.items():
            ids = key if isinstance(key, (list, tuple)) else [key]
            walk(below, above + "".join("/%d" % ident for ident in ids))

    walk(cbor2.loads(data), "")
    return found


DECODERS = {
    "tlv": tlv,
    "json": json_oma,
    "senml-json": senml_json,
    "senml-cbor": senml_cbor,
    "lwm2m-cbor": lwm2m_cbor,
}


def flat(value, path: str) -> dict:
    """A value as Leshan prints it, by path; {"hex": ...} is one value."""
    if not isinstance(value, dict) or "hex" in value:
        return {path: value}
    found = {}
    for ident, below in value.items():
        found.update(flat(below, path + "/" + ident))
    return found
