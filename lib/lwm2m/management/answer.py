"""What an operation needs: the request, formats, deferral, how changes are reported."""

from micropython import const

from coap.budget import Budget

from ..errors import Lwm2mError
from .access import open_object
from .read import awaited, collect, picked

# What an Object's table says of a Resource, see model
_MULTIPLE = const(0x800)

_CHANGED = const(0x44)
_CONTENT = const(0x45)
_NOT_FOUND = const(0x84)
_NOT_ACCEPTABLE = const(0x86)
_URI_PATH = const(11)
_CONTENT_FORMAT = const(12)

_TEXT_PLAIN = const(0)
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


class Answer:
    """What the operations of one server share, and the request that is being answered.

    `message`, `path`, `obj` and `now` are those of the latest request: an operation that ends
    later keeps what it needs of them.
    """

    def __init__(self, model, registration, budget=None):
        self.model = model
        self.registration = registration
        self.budget = budget or Budget()  # the bytes kept for all servers
        self.attributes = {}  # what Write-Attributes has set: a path's names and values
        self.formats = {}
        self.path = []
        self.reporting = None  # from the first Observe on
        self.slow = None  # from the first operation on that takes its time, see deferred.py

    def locate(self, message) -> list:
        """The Uri-Path as IDs, in one list for ever; or Lwm2mError 4.04: it is nowhere."""
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

    def default(self, path) -> int:
        """The format of an answer to a Read without Accept (LwM2M 1.0: 6.4; 1.1: 7.4)."""
        if self.registration.version == "1.0":
            return _TLV
        if len(path) > 2 and (
            len(path) > 3 or not self.object(path[0]).descriptor(path[2]) & _MULTIPLE
        ):
            return _TEXT_PLAIN
        return _SENML_CBOR

    def object(self, oid: int):
        """An Object that servers may see; or Lwm2mError 4.01 or 4.04."""
        return open_object(self.model, oid)

    def collect(self, path: tuple) -> list:
        """What is readable at `path`, see `read.collect`."""
        return collect(self.object(path[0]), path)

    def represent(self, content: list, path: tuple, number: int, message):
        """The response to a Read of what was collected, a Deferred where it takes time."""
        waiting = awaited(content)
        if waiting:
            return self.settle(waiting, path, message, lambda: self.encoded(content, path, number))
        return self.encoded(content, path, number)

    def encoded(self, content: list, path: tuple, number: int, time=None) -> tuple:
        """The response to a Read: values that are there. With a `time` it is a sample of then."""
        module, option = self.format(number, _NOT_ACCEPTABLE)
        if time is None:
            return _CONTENT, option, module.encode(content, path)
        return _CONTENT, option, module.encode(content, path, time)

    def settle(self, waiting: list, path: tuple, message, finish):
        """A Deferred, whose answer is `finish()` once all are there that were `awaited`."""

        def fill(results):
            for (resources, i), value in zip(waiting, results):
                rid, kind, _ = resources[i]
                resources[i] = rid, kind, picked(value, path)
            return finish()

        return self.later(message, [resources[i][2] for resources, i in waiting], fill)

    def changed(self, coroutines: list | tuple = (), code: int = _CHANGED, undo=None, report=None):
        """The answer to what changed the model: `code`, at once or when the coroutines end.

        `report()` names what may have changed to the observers.
        """

        def finish(results):
            self.model.registration_changed()
            if report:
                report()
            return code

        finish(())  # first: what fails here must not leave anything to be run
        return self.later(self.message, coroutines, finish, undo) if coroutines else code

    def later(self, message, coroutines: list | tuple, finish, undo=None):
        """Put an answer off until `coroutines` have run: `finish(results)` is the response.

        `undo()` is called where one of them raised or took too long; then the answer is the
        error's code, or 5.03. Lwm2mError 5.03 where too many are under way.
        """
        if self.slow is None:
            from .deferred import Slow

            self.slow = Slow(self)
        return self.slow.later(message, coroutines, finish, undo)

    def observer(self):
        """The server's observations, made when it observes for the first time."""
        if self.reporting is None:
            from ..reporting.observe import Reporting

            self.reporting = Reporting(self)
        return self.reporting
