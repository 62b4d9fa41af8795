"""Device Management & Service Enablement: what a server asks of the model (LwM2M Core 6.3).

Read and Execute are here; the rarer operations are in write.py and discover.py, imported when
first asked for. A method of an Object may be a coroutine: its answer then comes apart, later.
"""

from micropython import const

from coap.exchange import SILENCE
from coap.message import CoapError

from .model import Lwm2mError

# What an Object's table says of a Resource, see model
_READ = const(0x100)
_EXECUTE = const(0x400)
_MULTIPLE = const(0x800)

_GET = const(1)
_POST = const(2)
_PUT = const(3)
_DELETE = const(4)
_FETCH = const(5)
_IPATCH = const(7)
_CHANGED = const(0x44)
_CONTENT = const(0x45)
_BAD_REQUEST = const(0x80)
_UNAUTHORIZED = const(0x81)
_NOT_FOUND = const(0x84)
_NOT_ALLOWED = const(0x85)
_NOT_ACCEPTABLE = const(0x86)
_PRECONDITION_FAILED = const(0x8C)
_UNSUPPORTED_FORMAT = const(0x8F)

_IF_MATCH = const(1)
_IF_NONE_MATCH = const(5)
_OBSERVE = const(6)
_URI_PATH = const(11)
_CONTENT_FORMAT = const(12)
_URI_QUERY = const(15)
_ACCEPT = const(17)

_TEXT = const(0)
_LINK = const(40)
_SENML_CBOR = const(112)
_TLV = const(11542)
_FORMATS = {
    0: "text",
    42: "opaque",
    60: "cbor",
    110: "senml_json",
    112: "senml_cbor",
    11542: "tlv",
    11543: "json_oma",
    11544: "lwm2m_cbor",
}
_CLOSED = (0, 21, 23)  # Security, OSCORE, COSE: no server may see them


class Management:
    """The application behind the CoAP peer of one server.

    `jobs` are operations that take their time: the owner gives each to `slow.work`, in a task.
    """

    def __init__(self, model, registration):
        self.model = model
        self.registration = registration
        self.jobs = []
        self.running = 0
        self.attributes = {}  # what Write-Attributes has set: a path's names and values
        model.attributes.append(self.attributes)
        self.formats = {}
        self.path = []
        self.reporting = None  # from the first Observe on
        self.sending = None  # from the first Send on

    def handle(self, message, now: int):
        """Answer a request: a code, (code, options, payload), None (later), or SILENCE.

        May raise Lwm2mError.
        """
        if not self.registration.location:
            return SILENCE
        path = self._path(message)
        code = message.code
        if code in (_FETCH, _IPATCH) and not path:
            try:
                from .composite import operate
            except ImportError:  # not installed here
                return _NOT_ALLOWED
            return operate(self, message, now)
        if not 0 < len(path) < 5 or code > _DELETE:
            return _NOT_ALLOWED
        obj = self.object(path[0])
        if len(path) > 1 and path[1] not in obj.instances:
            return _NOT_FOUND
        if _IF_NONE_MATCH in message.numbers or message.find(_IF_MATCH):
            return _PRECONDITION_FAILED  # the target exists, and has no ETag
        if code == _GET:
            if message.uint(_ACCEPT) == _LINK:
                from .discover import discover

                return discover(self, obj, path, message)
            if _OBSERVE in message.numbers:
                return self.observer().observe(message, tuple(path), now)
            return self._read(obj, path, message)
        if code == _POST and len(path) == 3 and not obj.entry(path[2]) & _MULTIPLE:
            return self._execute(obj, path, message)
        if code == _PUT and _URI_QUERY in message.numbers:
            from .attributes import write_attributes

            return write_attributes(self, obj, path, message)
        from .write import operate

        return operate(self, obj, path, message)

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

    def format(self, number: int, refusal: int) -> tuple:
        """The module of a content format and the option that names it, loaded when first used.

        Lwm2mError with the code `refusal` where there is none.
        """
        form = self.formats.get(number)
        if form is None:
            if number not in _FORMATS:
                raise Lwm2mError(refusal)
            try:
                module = __import__("lwm2m.formats." + _FORMATS[number], None, None, ("encode",))
            except ImportError:  # not installed here
                raise Lwm2mError(refusal)
            form = self.formats[number] = module, ((_CONTENT_FORMAT, number),)
        return form

    def observer(self):
        """The server's observations, made when it observes for the first time."""
        if self.reporting is None:
            from .reporting import Reporting

            self.reporting = Reporting(self)
        return self.reporting

    def sender(self):
        """What sends data unasked, made when it is first used."""
        if self.sending is None:
            from .send import Sender

            self.sending = Sender(self)
        return self.sending

    def _read(self, obj, path, message):
        number = message.uint(_ACCEPT)
        if number < 0:
            number = self.default(path)
        module, option = self.format(number, _NOT_ACCEPTABLE)
        if number == _TEXT and len(path) == 3:  # the common case, with little garbage
            entry = kind(obj, path, _READ)
            value = obj.read(path[1], path[2])
            if not hasattr(value, "send"):
                value = _picked(value, path)
                return _CONTENT, option, module.encode_value(entry & 255, value)
            value.close()  # asked once more below
        path = tuple(path)
        return self.represent(self.collect(path), path, number, message)

    def default(self, path) -> int:
        """The format of an answer to a Read without Accept (LwM2M 1.0: 6.4; 1.1: 7.4)."""
        if self.registration.version == "1.0":
            return _TLV
        if len(path) > 2 and (
            len(path) > 3 or not self.object(path[0]).entry(path[2]) & _MULTIPLE
        ):
            return _TEXT
        return _SENML_CBOR

    def object(self, oid: int):
        """An Object that servers may see; or Lwm2mError 4.01 or 4.04."""
        if oid in _CLOSED:
            raise Lwm2mError(_UNAUTHORIZED)
        return self.model.object(oid)

    def collect(self, path: tuple) -> list:
        """What is readable at `path` as the formats take it; values may still be coroutines."""
        obj = self.object(path[0])
        if path[1:] and path[1] not in obj.instances:
            raise Lwm2mError(_NOT_FOUND)
        content = []
        for iid in path[1:2] or sorted(obj.instances):
            resources = _resource(obj, path) if len(path) > 2 else _readable(obj, iid)
            content.append((path[0], iid, resources))
        return content

    def represent(self, content: list, path: tuple, number: int, message, time=None):
        """The response to a Read of what was collected at `path`, or None where it takes time.

        Then the job is the last of `jobs`. With a `time` it is a sample of then.
        """
        module, option = self.format(number, _NOT_ACCEPTABLE)

        def finish():
            if time is None:
                return _CONTENT, option, module.encode(content, path)
            return _CONTENT, option, module.encode(content, path, time)

        return self.settle(content, path, message, finish)

    def settle(self, content: list, path: tuple, message, finish):
        """`finish()` once all values in the content are there; None where that takes time."""
        waiting = []
        for _, _, resources in content:
            for i in range(len(resources)):
                if hasattr(resources[i][2], "send"):
                    waiting.append((resources, i))
        if not waiting:
            return finish()

        def fill(results):
            for (resources, i), value in zip(waiting, results):
                rid, kind, _ = resources[i]
                resources[i] = rid, kind, _picked(value, path)
            return finish()

        return self.later(message, [resources[i][2] for resources, i in waiting], fill)

    def _execute(self, obj, path, message):
        kind(obj, path, _EXECUTE)
        if message.uint(_CONTENT_FORMAT) > _TEXT:
            return _UNSUPPORTED_FORMAT
        argument = bytes(message.payload())
        check_arguments(argument)
        slow = obj.execute(path[1], path[2], argument)
        return self.changed(message, [slow] if hasattr(slow, "send") else None)

    def changed(self, message, slow: list, code: int = _CHANGED, undo=None, tell=None):
        """The answer to what changed the model: `code`, at once or when `slow` coroutines end.

        `tell()` marks what may have changed for the observers.
        """

        def finish(results):
            self.model.touch()
            if tell:
                tell()
            return code

        if not slow:
            return finish(slow)
        self.later(message, slow, finish, undo)
        finish(slow)  # something may have changed already
        return None

    def later(self, message, coroutines: list, finish, undo=None) -> None:
        """Put an answer off until `coroutines` have run: `finish(results)` is the response.

        `undo()` is called where one of them raised. Lwm2mError 5.03 where too many are under way.
        """
        from .slow import later

        later(self, message, coroutines, finish, undo)


def kind(obj, path: list, operation: int) -> int:
    """The type of the Resource at `path`, if it is there and allows the operation; | 0x800 if it
    is multiple. Lwm2mError 4.04 or 4.05 else.
    """
    entry = obj.entry(path[2])
    if not entry or path[2] not in obj.instances[path[1]]:
        raise Lwm2mError(_NOT_FOUND)
    if not entry & operation:
        raise Lwm2mError(_NOT_ALLOWED)
    return entry & (_MULTIPLE | 255)


def instances(obj, path: list) -> dict:
    """The Resource Instances at `path`; none where a single value is, or one that is slow."""
    value = obj.read(path[1], path[2])
    if hasattr(value, "send"):
        value.close()
    return value if isinstance(value, dict) else {}


def _resource(obj, path):
    # The Resource or Resource Instance at `path`, as the formats want it
    entry = kind(obj, path, _READ)
    value = obj.read(path[1], path[2])
    return [(path[2], entry & 255, value if hasattr(value, "send") else _picked(value, path))]


def _picked(value, path):
    # Of a multiple Resource the one Instance that a path of four IDs names
    if value is None:
        raise Lwm2mError(_NOT_FOUND)
    if len(path) < 4:
        return value
    if not isinstance(value, dict) or path[3] not in value:
        raise Lwm2mError(_NOT_FOUND)
    return {path[3]: value[path[3]]}


def _readable(obj, iid):
    # The readable Resources of an Instance: (ID, type, value)
    found = []
    for rid in sorted(obj.instances[iid]):
        entry = obj.entry(rid)
        if entry & _READ:
            value = obj.read(iid, rid)
            if value is not None:
                found.append((rid, entry & 255, value))
    return found


def check_arguments(argument: bytes) -> None:
    """The syntax of an Execute's arguments: 0='text',1 with single, unique digits; or 4.00."""
    try:
        text = argument.decode()
    except ValueError:  # no UTF-8
        text = "x"
    seen = ""
    while text:
        digit = text[0]
        rest = text[1:]
        if rest[:2] == "='":
            _, quote, rest = rest[2:].partition("'")
            if not quote:
                digit = "x"
        if not "0" <= digit <= "9" or digit in seen or rest[:1] not in ("", ",") or rest == ",":
            raise Lwm2mError(_BAD_REQUEST)
        seen += digit
        text = rest[1:]
