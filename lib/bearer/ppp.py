"""PPP through a modem: dialled again when it is down, hung up when it carries nothing."""

from micropython import const

from .base import Bearer

_COMING_MS = const(20000)  # what PPP has to come up


class Ppp(Bearer):
    """Keeps PPP up."""

    def __init__(self, ppp, uart, kind: int = 6, *more):
        """Dial. `ppp` is a network.PPP on the stream `uart`; `more` is as Bearer's.

        `kind`: 6, LTE-FDD; 7, NB-IoT.
        """
        super().__init__(ppp, kind, *more)
        self.uart = uart
        self.called = False  # the modem was, PPP was not begun yet
        ppp.connect()

    def _coming(self, now):
        return not self.was_up and now - self.since <= _COMING_MS

    def _reason(self):
        return "PPP %d" % self.interface.status()

    # Imported only then: most lines are never lost.

    def _end(self):
        from . import redial

        redial.end(self)

    def _begin(self, now):
        from . import redial

        redial.dial(self, now)
