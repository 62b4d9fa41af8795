"""Commands as aiocoap's requests, and responses as answers."""

import aiocoap

from ... import values
from ...errors import CommandError
from . import contents, senml

COMPOSITES = {"read-composite", "observe-composite"}
OBSERVES = {"observe", "observe-composite"}
READS = {"read", "observe"}


def message(code: aiocoap.Code, path: list[int], **options: object) -> aiocoap.Message:
    """A request to a path."""
    return aiocoap.Message(code=code, uri_path=[str(part) for part in path], **options)


def read(command: dict, path: list[int]) -> aiocoap.Message:
    """Read, and Observe but for its option."""
    if "format" in command:
        return message(aiocoap.GET, path, accept=values.format_number(command["format"]))
    return message(aiocoap.GET, path)


def write(command: dict, path: list[int]) -> aiocoap.Message:
    """Write: replace, or update with "mode": "update"."""
    form, body = contents.encode(command, path)
    code = aiocoap.POST if command.get("mode") == "update" else aiocoap.PUT
    return message(code, path, payload=body, content_format=form)


def execute(command: dict, path: list[int]) -> aiocoap.Message:
    """Execute, with arguments as text."""
    body = command.get("arguments", "").encode()
    more = {"content_format": contents.TEXT} if body else {}
    return message(aiocoap.POST, path, payload=body, **more)


def discover(command: dict, path: list[int]) -> aiocoap.Message:
    """Discover."""
    return message(aiocoap.GET, path, accept=contents.LINK)


def write_attributes(command: dict, path: list[int]) -> aiocoap.Message:
    """Write-Attributes."""
    return message(aiocoap.PUT, path, uri_query=command["attributes"].split("&"))


def delete(command: dict, path: list[int]) -> aiocoap.Message:
    """Delete of an instance."""
    return message(aiocoap.DELETE, path)


def composite_form(command: dict) -> int:
    """The format of a composite request."""
    form = values.format_number(command.get("format", "senml-cbor"))
    if form not in senml.ALL:
        raise CommandError(
            "a composite operation is senml-json or senml-cbor, not %s" % command["format"]
        )
    return form


def read_composite(command: dict, path: list[int]) -> aiocoap.Message:
    """Read-Composite and Observe-Composite: FETCH with the paths as records without values."""
    if not command["paths"]:
        raise CommandError("paths must name at least one path")
    form = composite_form(command)
    body = senml.encode(form, [{"n": each} for each in command["paths"]])
    answer = {senml.ETCH_JSON: senml.JSON, senml.ETCH_CBOR: senml.CBOR}.get(form, form)
    return message(aiocoap.FETCH, path, payload=body, content_format=form, accept=answer)


def write_composite(command: dict, path: list[int]) -> aiocoap.Message:
    """Write-Composite: iPATCH with a record for each value."""
    form = composite_form(command)
    records = [
        record
        for where, held in command["values"].items()
        for record in contents.written(values.parse_path(where, 2, 4), held)
    ]
    body = senml.encode(form, records)
    return message(aiocoap.iPATCH, path, payload=body, content_format=form)


# The builder of each operation and the levels its path may have.
BUILDERS = {
    "read": (read, 1, 4),
    "observe": (read, 1, 4),
    "write": (write, 2, 4),
    "execute": (execute, 3, 3),
    "discover": (discover, 1, 3),
    "write-attributes": (write_attributes, 1, 4),
    "delete": (delete, 2, 2),
    "read-composite": (read_composite, 0, 0),
    "observe-composite": (read_composite, 0, 0),
    "write-composite": (write_composite, 0, 0),
}


def build(command: dict) -> tuple[aiocoap.Message, list[int]]:
    """The request of a command, and its path; that of a composite one is the root."""
    make, least, most = BUILDERS[command["op"]]
    path = values.parse_path(command["path"], least, most) if most else []
    return make(command, path), path


def facts(response: aiocoap.Message) -> dict:
    """What the CoAP message itself shows."""
    shown = {"code": response.code.dotted, "bytes": len(response.payload)}
    if response.opt.content_format is not None:
        shown["format"] = values.format_name(int(response.opt.content_format))
    if response.opt.observe is not None:
        shown["observe"] = response.opt.observe
    return shown


def content(command: dict, path: list[int], response: aiocoap.Message) -> dict:
    """What a successful response to a Read or an Observe brings."""
    if command["op"] in COMPOSITES:
        return contents.composite(command["paths"], response)
    return contents.content(path, response)


def answer(command: dict, path: list[int], response: aiocoap.Message) -> dict:
    """A response as an answer."""
    result = facts(response)
    if command.get("raw"):
        result["payload"] = response.payload.hex()
    if not response.code.is_successful():
        return {**result, "message": response.payload.decode(errors="replace")}
    if command["op"] == "discover":
        return {**result, "links": response.payload.decode(errors="replace").split(",")}
    if command["op"] in READS | COMPOSITES:
        return {**result, **content(command, path, response)}
    if response.opt.location_path:
        result["location"] = "/" + "/".join(response.opt.location_path)
    return result
