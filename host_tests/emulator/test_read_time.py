"""What a Read over DTLS takes of the board, beside a datagram that a bare loop sends back.

Both are guest time from a datagram's last byte on the line to that of its answer, so the UART, PPP
and lwIP are in both.
"""

import socket
import statistics
from collections.abc import Callable
from pathlib import Path

import pytest
from host_tests.emulator.meters import ENDPOINT, coaps_image
from host_tests.emulator.test_board_coaps import leshan
from tools.devserver.driver import Driver
from tools.emulator import Board
from tools.emulator.guest import PPP_UP

__all__ = ["leshan"]
LIMIT_MS = 15
TIMES = 5
ECHO = """
s = link(%d)
s.send(b"here")
while True:
    s.send(s.recv(512))
"""


def spans(board: Board, seen: int) -> list[float]:
    """Return the time from each datagram to the guest to its next one, in ms."""
    found, came = [], None
    for one in board.datagrams[seen:]:
        if not one.from_guest:
            came = one
        elif came:
            found.append((one.at_ns - came.at_ns) / 1e6)
            came = None
    return found


def echo_ms(size: int) -> float:
    """Return what it takes to send a datagram of so many bytes back."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(60)
        main = PPP_UP + ECHO % server.getsockname()[1]
        with Board({"main.py": main.encode()}) as board:
            guest = server.recvfrom(512)[1]
            for i in range(TIMES):
                server.sendto(bytes([i]) * size, guest)
                assert server.recv(512) == bytes([i]) * size
            return statistics.median(spans(board, 1))


@pytest.mark.slow
def test_a_read_over_dtls_takes_at_most_15_ms_more_than_a_bare_echo(
    leshan: Driver, tmp_path: Path, measured: Callable
):
    port = int(leshan.ready["coaps"].rpartition(":")[2])
    with Board(image=coaps_image(port, tmp_path)) as board:
        board.wait_for_line(" registered at coaps:")
        leshan.wait_event("registered", timeout=60, endpoint=ENDPOINT)
        read = []
        for _ in range(TIMES + 1):  # the first one loads the format
            seen = len(board.datagrams)
            answer = leshan.ask(op="read", endpoint=ENDPOINT, path="/3/0/0", timeout=60)
            assert answer["value"] == "micropython-lwm2m"
            read.append(spans(board, seen)[0])
        size = len(board.datagrams[-1].data)
    read_ms, bare_ms = statistics.median(read[1:]), echo_ms(size)
    measured(
        "a Read over DTLS %.1f ms of guest time, the first %.1f ms; a bare echo of %d B %.1f ms"
        % (read_ms, read[0], size, bare_ms)
    )
    assert bare_ms > 0.5
    assert read_ms - bare_ms <= LIMIT_MS
