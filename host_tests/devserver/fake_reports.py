"""What the scripted meter reports: composite operations, notifications with times, Send, blocks.

Its SenML is written with cbor2 and json, so that the server's own code is judged by another's.
"""

import json

import aiocoap
import cbor2

SENML_JSON, SENML_CBOR = 110, 112
LABELS = {"bn": -2, "bt": -3, "n": 0, "v": 2, "vs": 3, "vb": 4, "t": 6, "vd": 8}
NAMES = {number: name for name, number in LABELS.items()}
FLOATS = {"/3424/0/1"}
WHOLE = {"/1/0/0", "/1/0/1", "/3/0/11/0", "/3424/0/4", "/3424/0/6"}
BLOCK = 2  # size exponent of the blocks: 64 bytes


def packed(form: int, records: list[dict]) -> bytes:
    """A SenML pack of records by JSON's labels."""
    if form == SENML_JSON:
        return json.dumps(records).encode()
    return cbor2.dumps([{LABELS.get(k, k): v for k, v in each.items()} for each in records])


def unpacked(form: int, body: bytes) -> list[dict]:
    """The records of a pack by JSON's labels."""
    if form == SENML_JSON:
        return json.loads(body)
    return [{NAMES.get(k, k): v for k, v in each.items()} for each in cbor2.loads(body)]


def named(form: int, body: bytes) -> list[tuple]:
    """The (path, value) pairs of a pack."""
    base, found = "", []
    for each in unpacked(form, body):
        base = each.get("bn", base)
        found.append((base + each.get("n", ""), each.get("v", each.get("vs"))))
    return found


def record(path: str, text: str) -> dict:
    """One value as a record."""
    if path in FLOATS:
        return {"n": path, "v": float(text)}
    return {"n": path, "v": int(text)} if path in WHOLE else {"n": path, "vs": text}


def paths_of(request: aiocoap.Message) -> list[str]:
    """The paths that a FETCH names."""
    return [path for path, _ in named(request.opt.content_format, request.payload)]


def below(values: dict, paths: list[str]) -> list[dict]:
    """The records of the values at and below the paths."""
    return [
        record(key, text)
        for path in paths
        for key, text in values.items()
        if path == "/" or (key + "/").startswith(path + "/")
    ]


def sliced(request: aiocoap.Message, answer: aiocoap.Message) -> aiocoap.Message:
    """The block of an answer that the request asks for; all of it where it fits in one."""
    size = 16 << BLOCK
    if len(answer.payload) <= size:
        return answer
    number = request.opt.block2.block_number if request.opt.block2 else 0
    start = number * size
    more = start + size < len(answer.payload)
    answer.opt.etag = b"\x01"
    answer.opt.block2 = (number, more, BLOCK)
    answer.payload = answer.payload[start : start + size]
    return answer


class Composites:
    """FETCH and iPATCH of the scripted meter; `meter` has `values`, `seen` and `blocks`."""

    async def render_fetch(self, request):
        """Read-Composite."""
        if request.opt.block2 and request.opt.block2.block_number:
            self.later_blocks.append(bool(request.payload))  # Californium asks without a body
            paths = self.fetched
        else:
            paths = self.fetched = paths_of(request)
        self.meter.seen.append(("FETCH", paths, request.opt.observe))
        form = request.opt.accept
        return aiocoap.Message(
            payload=packed(form, below(self.meter.values, paths)), content_format=form
        )

    async def render_ipatch(self, request):
        """Write-Composite, of what is there."""
        written = named(request.opt.content_format, request.payload)
        self.meter.seen.append(("iPATCH", written, request.opt.content_format))
        if any(path not in self.meter.values for path, _ in written):
            return aiocoap.Message(code=aiocoap.NOT_FOUND)
        self.meter.values.update({path: str(value) for path, value in written})
        return aiocoap.Message(code=aiocoap.CHANGED)


def record_resets(context: aiocoap.Context, resets: list) -> None:
    """Note the Resets that the meter gets; aiocoap tells nobody of those to its NONs."""
    manager = context.request_interfaces[0].token_interface
    known = manager._remove_exchange

    def remove(message: aiocoap.Message) -> None:
        if message.mtype is aiocoap.RST:
            resets.append(message.mid)
        known(message)

    manager._remove_exchange = remove
