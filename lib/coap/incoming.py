"""The requests of a peer: each runs once; its repeats are answered from memory (RFC 7252, 4.5)."""

# What is not defined here is a Peer's:
# mypy: disable-error-code="attr-defined"

from micropython import const

from .deduplication import Deduplication
from .message import SILENCE, CoapError, code_of, encode_options

_CON = const(0)
_NON = const(1)
_ACK = const(2)

_GET = const(1)
_FETCH = const(5)
_BAD_OPTION = const(0x82)
_NO_PROXY = const(0xA5)

_BLOCK2 = const(23)
_BLOCK1 = const(27)
_PROXY_URI = const(35)
_PROXY_SCHEME = const(39)
_ACCEPT = const(17)


class Incoming(Deduplication):
    """What a Peer does with requests: they are answered by its `app`."""

    _options = None  # of the latest answer
    _encoded = b""  # the same as bytes

    def _serve(self, message, now: int) -> None:
        """Answer a request, unless its answer is none, or comes later."""
        confirmable = message.kind == _CON
        if message.bad and not confirmable:
            return
        unsafe = message.code != _GET and message.code != _FETCH
        if unsafe:
            response = self._note(message, now)
            if response is not None:
                if confirmable:
                    self._answer(message, response)
                return
        response = self._response(message, now)
        code = 0
        if isinstance(response, tuple):
            code = response[0]
        elif isinstance(response, int):
            code = response
        else:
            response = 0
        answer = self._answer(message, response)
        self._keep(message, answer, code, unsafe, now)

    def _response(self, message, now):
        # As `app.handle` returns it
        numbers = message.numbers
        try:
            rare = numbers and numbers[-1] > _ACCEPT  # they are in ascending order
            if rare and (_PROXY_URI in numbers or _PROXY_SCHEME in numbers):
                return _NO_PROXY
            if message.bad:
                return _BAD_OPTION, (), b"option %d" % message.bad
            if rare and (_BLOCK2 in numbers or _BLOCK1 in numbers):
                return self._blockwise().handle(message, now)
            response = self.app.handle(message, now)
            if isinstance(response, tuple) and len(response[2]) > 16 << self.szx:
                return self._blockwise().wrap(message, response, now)
            return response
        except Exception as error:  # noqa: BLE001 a driver's fault must not end the endpoint
            if not isinstance(error, CoapError):
                self.log(1, "failed", message.code, error)
            return code_of(error)

    def _answer(self, message, response):
        # Send it, of a 0 that it comes later; what of it is to be stored for repeats
        if isinstance(response, int):
            code, options, payload = response, (), b""
        else:
            code, options, payload = response
        if code == SILENCE:
            return None
        kind = _NON
        mid = -1
        if message.kind == _CON:
            kind = _ACK
            mid = message.mid
        if not code:
            return self._empty(_ACK, mid) if kind == _ACK else b""
        if options is not self._options:  # mostly those of the answer before
            self._encoded = encode_options(options)
            self._options = options
        answer = self._seal(kind, code, mid, message.token, self._encoded, payload)
        self.outbox.append(answer)
        return answer if kind == _ACK else b""
