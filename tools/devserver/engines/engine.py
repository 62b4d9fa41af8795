"""The interface of an engine: an LwM2M server with commands, answers and events as dicts.

JSON lines, screen, prompt and demo know this interface only. A command is {"op":
..., "endpoint": ..., "path": ..., ...}, an answer {"code": "2.05", "value": ...} or {"error":
...}, an event {"event": "registered", "endpoint": ..., ...}; values are as values.py says.
"""

import abc
import contextlib
import queue
import socket
from collections.abc import Callable
from dataclasses import dataclass, field

from ..errors import CommandError, StartError
from ..history import reports
from ..history.store import History

DEFAULT_PORT = 5683
DEFAULT_TIMEOUT = 5.0


@dataclass
class Settings:
    """Where to listen, and with what security."""

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    coaps: bool = False
    coaps_port: int = 0
    awake: float | None = (
        None  # seconds a queue-mode client counts as awake; None: the engine's default
    )
    insist: bool = True  # on coaps: an engine without it does not start
    options: dict = field(default_factory=dict)


class Engine(abc.ABC):
    """One LwM2M server. `emit` gets every event, on any thread, and must return at once."""

    name = "?"
    operations: frozenset = frozenset()

    def __init__(self, settings: Settings, emit: Callable[[dict], None]) -> None:
        self.settings = settings
        self.forward = emit
        self.history = History()

    def emit(self, event: dict) -> None:
        """Keep the values of an event, then pass it on."""
        self.history.take_event(event)
        self.forward(event)

    @abc.abstractmethod
    def start(self) -> None:
        """Bind and serve, or raise StartError or EngineUnavailable and leave nothing behind."""

    @abc.abstractmethod
    def stop(self) -> None:
        """Release the ports and the threads; harmless when nothing runs."""

    @abc.abstractmethod
    def addresses(self) -> dict:
        """The bound addresses: {"coap": "coap://127.0.0.1:5683"}, and "coaps" when asked for."""

    @abc.abstractmethod
    def registrations(self) -> list[dict]:
        """The live registrations, each as in its `registered` event."""

    @abc.abstractmethod
    def perform(self, command: dict, done: Callable[[dict], None]) -> None:
        """Start `command`; `done` gets its one answer, on any thread. May raise CommandError."""

    def submit(self, command: dict, done: Callable[[dict], None]) -> None:
        """Answer `command` through `done`, an error included; never raises for a bad command."""
        try:
            if command["op"] == "list":
                done({"registrations": self.registrations()})
                return
            if command["op"] in reports.COMMANDS:
                done(reports.COMMANDS[command["op"]](self.history, command))
                return
            if command["op"] not in self.operations:
                raise CommandError("the engine %s cannot %s" % (self.name, command["op"]))
            self.perform(command, lambda answer: self._kept(command, answer, done))
        except CommandError as error:
            done({"error": str(error)})

    def _kept(self, command: dict, answer: dict, done: Callable[[dict], None]) -> None:
        self.history.take_answer(command, answer)
        done(answer)

    def ask(self, command: dict) -> dict:
        """Answer `command`, blocking the caller."""
        answers: queue.Queue = queue.Queue()
        self.submit(command, answers.put)
        return answers.get()


def resolve(host: str, port: int) -> tuple:
    """The (family, address) to bind for `host` and `port`."""
    if not 0 <= port <= 65535:
        raise StartError("PORT %d is outside 0 to 65535" % port)
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except OSError as error:
        raise StartError(
            "HOST %s is no address (%s): give one of this machine, as 127.0.0.1 or 0.0.0.0"
            % (host, error.strerror or error)
        ) from error
    return addresses[0][0], addresses[0][4]


def probe(host: str, port: int) -> tuple:
    """The address to bind, checked to be free: libraries report a used one late or never."""
    family, address = resolve(host, port)
    with contextlib.closing(socket.socket(family, socket.SOCK_DGRAM)) as trial:
        try:
            trial.bind(address)
        except OSError as error:
            raise StartError(
                "UDP port %d on %s cannot be bound (%s): choose another with PORT= or --port"
                % (port, host, error.strerror)
            ) from error
    return address


def origin(scheme: str, host: str, port: int) -> str:
    """A URI of scheme, host and port, an IPv6 address in brackets."""
    return "%s://%s:%d" % (scheme, "[%s]" % host if ":" in host else host, port)
