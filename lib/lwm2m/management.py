"""Device Management & Service Enablement: what a server asks of the model (LwM2M Core 6.3)."""

from micropython import const

from coap.exchange import SILENCE
from coap.message import CoapError

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
_URI_QUERY = const(15)
_ACCEPT = const(17)

_TEXT = const(0)
_TLV = const(11542)
_CLOSED = (0, 21, 23)  # Security, OSCORE, COSE: no server may see them


class Management:
    """The application behind the CoAP peer of one server."""

    def __init__(self, model, registration):
        self.model = model
        self.registration = registration
        self.formats = {}
        self.path = []

    def handle(self, message, now: int):
        """Answer a request: a code, (code, options, payload), or SILENCE before registration.

        May raise Lwm2mError.
        """
        if not self.registration.location:
            return SILENCE
        path = self._path(message)
        if not 0 < len(path) < 5:
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
            if code == _PUT and message.find(_URI_QUERY) is None:
                return self._write(obj, path, message)
        return _NOT_ALLOWED

    def upload(self, message):
        """Where a body in blocks goes: None, it is collected; nowhere before registration."""
        if not self.registration.location:
            raise CoapError(SILENCE)

    def _path(self, message):
        # The Uri-Path as IDs, in one list for ever. What names no ID exists nowhere.
        path = self.path
        path.clear()
        numbers = message.numbers
        for i in range(len(numbers)):
            if numbers[i] == _URI_PATH:
                ident = message.decimal(i)
                if not 0 <= ident < 65535:
                    raise Lwm2mError(_NOT_FOUND)
                path.append(ident)
        return path

    def _format(self, number, refusal):
        # The module of a content format and the option that names it, loaded when first used
        form = self.formats.get(number)
        if form is None:
            if number == _TEXT:
                from .formats import text as module
            elif number == _TLV:
                from .formats import tlv as module
            else:
                raise Lwm2mError(refusal)
            form = self.formats[number] = module, ((_CONTENT_FORMAT, number),)
        return form

    def _read(self, obj, path, message):
        accept = message.uint(_ACCEPT)
        if len(path) > 2:
            kind = _kind(obj, path, _READ)
            value = obj.read(path[1], path[2])
            if len(path) == 4:
                value = _instance(value, path[3])
            if accept < 0:
                accept = _TLV if isinstance(value, dict) else _TEXT
            module, option = self._format(accept, _NOT_ACCEPTABLE)
            return _CONTENT, option, module.encode_resource(path, kind & 255, value)
        module, option = self._format(_TLV if accept < 0 else accept, _NOT_ACCEPTABLE)
        iids = path[1:] or sorted(obj.instances)
        content = [(iid, _all_readable(obj, iid)) for iid in iids]
        return _CONTENT, option, module.encode(content, len(path))

    def _write(self, obj, path, message):
        kind = _kind(obj, path, _WRITE)
        if kind & _MULTIPLE:
            return _NOT_ALLOWED
        number = max(message.uint(_CONTENT_FORMAT), _TEXT)
        module, _ = self._format(number, _UNSUPPORTED_FORMAT)
        rid = path[2]
        obj.write(path[1], rid, module.decode_resource(rid, kind, message.payload()))
        self.model.changes += 1
        return _CHANGED

    def _execute(self, obj, path, message):
        _kind(obj, path, _EXECUTE)
        if message.uint(_CONTENT_FORMAT) > _TEXT:
            return _UNSUPPORTED_FORMAT
        obj.execute(path[1], path[2], bytes(message.payload()))
        self.model.changes += 1
        return _CHANGED


def _kind(obj, path, operation):
    # The type of the Resource at `path`, if it is there and allows the operation; 0x800: multiple
    entry = obj.entry(path[2])
    if not entry or path[2] not in obj.instances[path[1]]:
        raise Lwm2mError(_NOT_FOUND)
    if not entry & operation:
        raise Lwm2mError(_NOT_ALLOWED)
    return entry & (_MULTIPLE | 255)


def _instance(value, riid):
    if not isinstance(value, dict) or riid not in value:
        raise Lwm2mError(_NOT_FOUND)
    return value[riid]


def _all_readable(obj, iid):
    # The readable Resources of an Instance: (ID, type, value)
    found = []
    for rid in sorted(obj.instances[iid]):
        entry = obj.entry(rid)
        if entry & _READ:
            found.append((rid, entry & 255, obj.read(iid, rid)))
    return found
