"""`make run BOOTSTRAP=1`: Leshan's bootstrap server beside the server, for one meter."""

import secrets
import threading
from collections.abc import Callable

from .. import meter
from .driver import BootstrapDriver, DriverError
from .errors import StartError

KEY_LENGTH = 16  # bytes
SHOWN = {
    "requested": "asks the bootstrap server",
    "sent": "%(request)s %(path)s",
    "refused": "refused: %(code)s",
    "finished": "has its account from the bootstrap server",
    "failed": "bootstrap failed: %(cause)s",
}


class Bootstrap:
    """The bootstrap server's process; `say` shows what happens there."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.server = BootstrapDriver()
        try:
            self.server.__enter__()
        except DriverError as error:
            reason = self.server.errors[-1] if self.server.errors else str(error)
            raise StartError("no bootstrap server: %s" % reason) from error
        say("bootstrap server on %(coap)s %(coaps)s" % self.server.ready)
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        server, seen = self.server, 0
        while not server.ended:
            with server.changed:
                server.changed.wait(1)
                events = server.events[seen:]
                seen += len(events)
            for event in events:
                if event["event"] in SHOWN:
                    self.say("%s %s" % (event["endpoint"], SHOWN[event["event"]] % event))

    def configure(self, endpoint: str, uri: str, environment: dict) -> tuple[str, dict]:
        """Have a meter register at `uri` with the key of `environment`.

        Returns where it asks for that, and its environment then: another key where there is one.
        """
        account = {"uri": uri, "ssid": 1}
        command = {"op": "set", "endpoint": endpoint, "servers": [account], "delete": ["/0", "/1"]}
        outcome = dict(environment)
        scheme = "coap"
        if meter.KEY in environment:
            account.update(identity=environment[meter.IDENTITY], key=environment[meter.KEY])
            command["key"] = outcome[meter.KEY] = secrets.token_hex(KEY_LENGTH)
            outcome[meter.IDENTITY] = endpoint
            scheme = "coaps"
        answer = self.server.ask(**command)
        if "error" in answer:
            raise StartError(
                "endpoint %r cannot be bootstrapped: %s" % (endpoint, answer["error"])
            )
        return self.server.ready[scheme], outcome

    def stop(self) -> None:
        """End its process."""
        self.server.close()
