"""Device Management & Service Enablement: what a server asks of the model (LwM2M Core 6.3)."""

from micropython import const

from coap.exchange import SILENCE

from .model import Lwm2mError

# What an Object's table says of a Resource, see model
_READ = const(0x100)
_WRITE = const(0x200)
_EXECUTE = const(0x400)
_MULTIPLE = const(0x800)

_GET = const(1)
_POST = const(2)
_PUT = const(3)
_CHANGED = const(0x44)
_CONTENT = const(0x45)
_UNAUTHORIZED = const(0x81)
_NOT_FOUND = const(0x84)
_NOT_ALLOWED = const(0x85)
_NOT_ACCEPTABLE = const(0x86)
_PRECONDITION_FAILED = const(0x8C)
_UNSUPPORTED_FORMAT = const(0x8F)

_IF_MATCH = const(1)
_IF_NONE_MATCH = const(5)
_URI_PATH = const(11)
_CONTENT_FORMAT = const(12)
_ACCEPT = const(17)

_TEXT = const(0)
_TLV = const(11542)
_TEXT_OPTIONS = ((12, 0),)
_TLV_OPTIONS = ((12, 11542),)
_CLOSED = (0, 21, 23)  # Security, OSCORE, COSE: no server may see them


class Management:
    """The application behind the CoAP peer of one server."""

    def __init__(self, model, registration):
        self.model = model
        self.registration = registration

    def handle(self, message, now: int):
        """Answer a request: a code, (code, options, payload), or SILENCE before registration."""
        if not self.registration.location:
            return SILENCE
        try:
            return self._operate(message)
        except Lwm2mError as error:
            return error.code

    def upload(self, message):
        """Where a body in blocks goes: None, it is collected."""
        return None

    def _operate(self, message):
        path = _path(message)
        if not path:
            return _NOT_ALLOWED
        if path[0] in _CLOSED:
            return _UNAUTHORIZED
        obj = self.model.object(path[0])
        if len(path) > 1 and path[1] not in obj.instances:
            return _NOT_FOUND
        if _IF_NONE_MATCH in message.numbers or message.find(_IF_MATCH):
            return _PRECONDITION_FAILED  # the target exists, and has no ETag
        code = message.code
        if code == _GET:
            return self._read(obj, path, message)
        if len(path) == 3:
            if code == _POST:
                return self._execute(obj, path, message)
            if code == _PUT and len(message.payload()):
                return self._write(obj, path, message)
        return _NOT_ALLOWED

    def _read(self, obj, path, message):
        accept = message.uint(_ACCEPT)
        if len(path) < 3:
            if accept >= 0 and accept != _TLV:
                return _NOT_ACCEPTABLE
            from .formats import tlv

            iids = path[1:] or sorted(obj.instances)
            content = [(iid, readable(obj, iid)) for iid in iids]
            return _CONTENT, _TLV_OPTIONS, tlv.encode(content, len(path))
        return self._read_resource(obj, path, accept)

    def _read_resource(self, obj, path, accept):
        iid, rid = path[1], path[2]
        entry = _present(obj, iid, rid)
        if not entry & _READ:
            return _NOT_ALLOWED
        value = obj.read(iid, rid)
        multiple = entry & _MULTIPLE
        if len(path) == 4:
            if not multiple or path[3] not in value:
                return _NOT_FOUND
            value = value[path[3]]
            multiple = 0
        if accept < 0:
            accept = _TLV if multiple else _TEXT
        if accept == _TEXT and not multiple:
            from .formats import text

            return _CONTENT, _TEXT_OPTIONS, text.encode(entry & 255, value)
        if accept != _TLV:
            return _NOT_ACCEPTABLE
        from .formats import tlv

        return _CONTENT, _TLV_OPTIONS, tlv.encode_resource(path, entry & 255, value)

    def _write(self, obj, path, message):
        iid, rid = path[1], path[2]
        entry = _present(obj, iid, rid)
        if not entry & _WRITE or entry & _MULTIPLE:
            return _NOT_ALLOWED
        form = message.uint(_CONTENT_FORMAT)
        if form == _TLV:
            from .formats import tlv

            value = tlv.decode_resource(rid, entry & 255, message.payload())
        elif form <= _TEXT:
            from .formats import text

            value = text.decode(entry & 255, message.payload())
        else:
            return _UNSUPPORTED_FORMAT
        obj.write(iid, rid, value)
        self.model.changes += 1
        return _CHANGED

    def _execute(self, obj, path, message):
        iid, rid = path[1], path[2]
        if not _present(obj, iid, rid) & _EXECUTE:
            return _NOT_ALLOWED
        if message.uint(_CONTENT_FORMAT) > _TEXT:
            return _UNSUPPORTED_FORMAT
        obj.execute(iid, rid, bytes(message.payload()))
        self.model.changes += 1
        return _CHANGED


def _path(message):
    # The Uri-Path as integers. What names no ID exists nowhere; more than four levels are no path.
    path = []
    data = message.data
    for i, number in enumerate(message.numbers):
        if number != _URI_PATH:
            continue
        span = message.spans[i]
        end = span & 0xFFF
        i = span >> 12
        value = -1 if i == end or end - i > 5 or data[i] == 48 and end - i > 1 else 0
        while i < end:
            digit = data[i] - 48
            if not 0 <= digit <= 9 or value < 0:
                raise Lwm2mError(_NOT_FOUND)
            value = value * 10 + digit
            i += 1
        if not 0 <= value < 65535:
            raise Lwm2mError(_NOT_FOUND)
        path.append(value)
    if len(path) > 4:
        raise Lwm2mError(_NOT_ALLOWED)
    return path


def _present(obj, iid, rid):
    entry = obj.entry(rid)
    if not entry or rid not in obj.instances[iid]:
        raise Lwm2mError(_NOT_FOUND)
    return entry


def readable(obj, iid: int) -> list:
    """The readable Resources of an Instance: a list of (ID, type, value)."""
    found = []
    for rid in sorted(obj.instances[iid]):
        entry = obj.entry(rid)
        if entry & _READ:
            found.append((rid, entry & 255, obj.read(iid, rid)))
    return found
