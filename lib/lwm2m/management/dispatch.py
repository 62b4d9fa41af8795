"""Device Management & Service Enablement: which operation a request is (LwM2M Core 6.3).

A Read is at hand; other operations are loaded when the first request for one comes.
"""

from micropython import const

from coap.message import CoapError
from coap.peer import SILENCE

from .answer import Answer
from .read import read

_MULTIPLE = const(0x800)

_GET = const(1)
_POST = const(2)
_PUT = const(3)
_DELETE = const(4)
_FETCH = const(5)
_IPATCH = const(7)
_NOT_FOUND = const(0x84)
_NOT_ALLOWED = const(0x85)
_PRECONDITION_FAILED = const(0x8C)

_IF_MATCH = const(1)
_IF_NONE_MATCH = const(5)
_OBSERVE = const(6)
_CONTENT_FORMAT = const(12)
_URI_QUERY = const(15)
_ACCEPT = const(17)
_LINK = const(40)
_OCTETS = const(42)


class Management(Answer):
    """The application behind the CoAP peer of one server.

    `slow`, from the first on, has the operations that take their time, for the owner to run.
    """

    def __init__(self, model, registration, budget=None):
        super().__init__(model, registration, budget)
        self.sending = None  # from the first Send on
        model.attach(self)

    def close(self) -> None:
        """The model forgets this server: what it observed and what attributes it set.

        What waits to be run is not run; what waits to be sent ends with 5.03.
        """
        self.model.detach(self)
        for part in (self.reporting, self.sending, self.slow):
            if part:
                part.close()
        self.reporting = self.sending = None

    def on_change(self, oid: int, iid: int, rid: int) -> None:
        """A Resource changed, or with rid -1 an Instance came or went."""
        if self.reporting:
            self.reporting.on_change(oid, iid, rid)

    def handle(self, message, now: int):
        """Answer a request: a code, (code, options, payload), a Deferred, or SILENCE.

        May raise Lwm2mError.
        """
        if not self.registration.location:
            return SILENCE
        self.message = message
        self.now = now
        path = self.locate(message)
        code = message.code
        if not path and code in (_FETCH, _IPATCH):
            return self._composite()
        refusal = self._refusal(message)
        if refusal:
            return refusal
        if code != _GET:
            return self._modify(code)
        accept = message.uint(_ACCEPT)
        if accept == _LINK:
            from .discover import discover

            return discover(self)
        if _OBSERVE in message.numbers:
            return self.observer().observe(message, tuple(path), now)
        return read(self, accept)

    def _refusal(self, message):
        # The code where the path leads nowhere, else 0; `obj` is what it leads to
        path = self.path
        if not 0 < len(path) < 5 or message.code > _DELETE:
            return _NOT_ALLOWED
        self.obj = obj = self.object(path[0])
        if len(path) > 1 and path[1] not in obj.instances:
            return _NOT_FOUND
        if _IF_NONE_MATCH in message.numbers or message.find(_IF_MATCH):
            return _PRECONDITION_FAILED  # the target exists, and has no ETag
        return 0

    def _composite(self):
        try:
            from .composite import operate
        except ImportError:  # not installed here
            return _NOT_ALLOWED
        return operate(self)

    def _modify(self, code):
        # A POST, PUT or DELETE
        path = self.path
        if code == _POST and len(path) == 3 and not self.obj.descriptor(path[2]) & _MULTIPLE:
            from .execute import execute

            return execute(self)
        if code == _PUT and _URI_QUERY in self.message.numbers:
            from .attributes import write_attributes

            return write_attributes(self)
        from .write import operate

        return operate(self)

    def upload(self, message):
        """Where a body in blocks goes: None, it is collected; nowhere before registration.

        An opaque one goes to the Object that has `upload`, see `Object`.
        """
        if not self.registration.location:
            raise CoapError(SILENCE)
        if message.code == _PUT and message.uint(_CONTENT_FORMAT) == _OCTETS:
            self.locate(message)
            refusal = self._refusal(message)
            if refusal:
                raise CoapError(refusal)
            if hasattr(self.obj, "upload"):
                from .upload import upload

                return upload(self)
        return None

    def reset(self, mid: int) -> None:
        """A Reset came to a message that was not confirmable, such as a notification."""
        if self.reporting:
            self.reporting.reset(mid)

    def log(self, level: int, *event) -> None:
        """An event at the server's peer, logged where the registration's are."""
        self.registration.log(level, *event)

    def sender(self):
        """What sends data unasked, made when it is first used."""
        if self.sending is None:
            from ..reporting.send import Sender

            self.sending = Sender(self)
        return self.sending
