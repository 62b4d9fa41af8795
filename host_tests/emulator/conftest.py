"""Servers on the host, for the guest to talk to."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

_measured: list[str] = []


class Responder:
    """A UDP server on a free port; `answer` makes of a datagram the one that goes back."""

    def __init__(self, answer: Callable[[bytes], bytes | None]):
        self._answer = answer
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.received: list[bytes] = []
        self.peer = None
        self._thread = threading.Thread(target=self._serve, name="responder")
        self._thread.start()

    def _serve(self) -> None:
        while True:
            data, sender = self._socket.recvfrom(65536)
            if sender[1] == self.port:  # its own: see stop
                return
            self.peer = sender
            self.received.append(data)
            answer = self._answer(data)
            if answer is not None:
                self._socket.sendto(answer, sender)

    def send(self, data: bytes) -> None:
        """Send to the guest that spoke last."""
        self._socket.sendto(data, self.peer)

    def stop(self) -> None:
        """End the thread and close the port."""
        self._socket.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()


@pytest.fixture
def measured() -> Callable[[str], None]:
    """Return what takes a line for the end of the run, where a passing test's output shows too."""
    return _measured.append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the tests measured on the board."""
    if _measured:
        terminalreporter.section("measured on METER_PPP")
        for line in _measured:
            terminalreporter.line(line)


@pytest.fixture
def responder() -> Iterator[Callable]:
    """Make responders that are stopped after the test."""
    made = []

    def make(answer: Callable[[bytes], bytes | None]) -> Responder:
        made.append(Responder(answer))
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture
def echo(responder: Callable) -> Responder:
    """Return a server that answers with what it got."""
    return responder(lambda data: b"echo:" + data)
