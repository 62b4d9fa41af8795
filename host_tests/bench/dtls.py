"""What DTLS costs: bytes and datagrams of handshakes beside OpenSSL's client, CPU of records.

Both clients speak to the same libssl through the same relay, which counts. OpenSSL's is `openssl
s_client` as it comes, with our suite and without tickets; ours runs inside the Unix port.
"""

import os
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass

from host_tests.interop.dtls import peers
from host_tests.interop.relay import Relay

IDENTITY = b"meter-0001"
KEY = bytes(range(0x30, 0x40))
CCM_8 = 0xC0A8
COOKIE = 20  # bytes, of both servers
FULL, FULL_DATAGRAMS = 535, 6  # limits, of a handshake with a cookie and a 10-byte identity
SHORT, SHORT_DATAGRAMS = 370, 3  # and of an abbreviated one without a cookie
PAIR_US, FORGED_US = 80, 50
PROGRAM = """
import test_dtls_cost as cost
worst, average = cost.flood()
print(cost.pair_us(b""), cost.pair_us(b"12345678"), worst, average)
"""


@dataclass(frozen=True)
class Cost:
    """Of one handshake."""

    datagrams: int
    ours: int  # bytes from the client
    theirs: int

    @property
    def both(self) -> int:
        """Bytes in both directions."""
        return self.ours + self.theirs


def _cost(capture):
    # Of the datagrams that begin with a record of the handshake
    shaking = [one for one in capture if one.data[0] in (20, 22)]
    sizes = [sum(len(one.data) for one in shaking if one.inbound == way) for way in (True, False)]
    return Cost(len(shaking), *sizes)


def _ours(port, folder):
    # A full handshake and an abbreviated one; where the second begins is seen by the close
    steps = ("shake", ["wait", 50], "close", ["wait", 200], "shake", ["wait", 50], "close")
    report = peers.drive("micropython", port, steps, IDENTITY, KEY, suites=[CCM_8])
    assert [one["resumed"] for one in report["shakes"]] == [False, True], report["shakes"]


def _s_client(port, folder):
    session = os.path.join(folder, "session.pem")
    command = ["openssl", "s_client", "-dtls1_2", "-connect", "127.0.0.1:%d" % port]
    command += ["-psk", KEY.hex(), "-psk_identity", IDENTITY.decode(), "-no_ticket"]
    command += ["-cipher", peers.NAMES[CCM_8] + ":@SECLEVEL=0"]
    for how in ("-sess_out", "-sess_in"):
        done = subprocess.run(
            [*command, how, session], input=b"Q\n", capture_output=True, timeout=20
        )
        said = done.stdout.decode(errors="replace")
        word = "New" if how == "-sess_out" else "Reused"
        assert "\n%s, " % word in said, said[-800:] + done.stderr.decode()


def _handshakes(capture):
    # The capture in two: the second handshake begins with the first ClientHello after an alert
    ended = False
    for i, one in enumerate(capture):
        ended = ended or one.data[0] == 21
        if ended and one.inbound and one.data[0] == 22:
            return _cost(capture[:i]), _cost(capture[i:])
    raise AssertionError("one handshake only")


def handshakes(cookies: bool) -> dict:
    """{"ours" and "openssl": (full Cost, abbreviated Cost)}. Raises peers.NotHad."""
    if not shutil.which("openssl"):
        raise peers.NotHad("openssl is not installed")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    found = {}
    server = peers.start("openssl", port, IDENTITY, KEY, [CCM_8], cookies=cookies)
    try:
        for name, client in (("ours", _ours), ("openssl", _s_client)):
            relay = Relay("coaps://127.0.0.1:%d" % port)
            try:
                with tempfile.TemporaryDirectory() as folder:
                    client(relay.port, folder)
                found[name] = _handshakes(relay.capture)
            finally:
                relay.close()
    finally:
        server.close()
    return found


def cpu() -> list:
    """us: a pair of records, one with a CID, the dearest forged record, the average one."""
    path = ":".join(
        str(peers.ROOT / one) for one in ("lib", "host_tests/support", "host_tests/unit/dtls", "")
    )
    done = subprocess.run(
        [str(peers.MICROPYTHON), "-c", PROGRAM],
        env=dict(os.environ, MICROPYPATH=path + ":.frozen"),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return [float(one) for one in done.stdout.split()]


def _row(what, ours, openssl, most, datagrams):
    def text(cost):
        return "%d + %d B, %d datagrams" % (cost.ours, cost.theirs, cost.datagrams)

    good = ours.both <= most and ours.datagrams <= datagrams if most else None
    limit = "%d B, %d datagrams" % (most, datagrams) if most else ""
    return what, text(ours), text(openssl), "%.2f" % (ours.both / openssl.both), limit, good


def rows() -> list:
    """What is measured, ours, OpenSSL's client's, the ratio, the limit, and is it kept?"""
    found = []
    try:
        there, without = handshakes(True), handshakes(False)
        full = (there["ours"][0], there["openssl"][0])
        again = (there["ours"][1], there["openssl"][1])
        short = (without["ours"][1], without["openssl"][1])
        bare = (without["ours"][0], without["openssl"][0])
        found += [
            _row("full, with a cookie", *full, FULL, FULL_DATAGRAMS),
            _row("full, no cookie", *bare, 0, 4),
            _row("abbreviated, with a cookie", *again, 0, 5),
            _row("abbreviated, no cookie", *short, SHORT, SHORT_DATAGRAMS),
        ]
    except peers.NotHad as error:
        found.append(("handshakes", "not measured", str(error), "", "", None))
    names = "64 bytes sealed and decrypted", "the same with a CID", "a forged record, the dearest"
    for name, took, most in zip(names, cpu()[:3], (PAIR_US, PAIR_US, FORGED_US)):
        limit = "%d us" % most
        found.append((name, "%.0f us" % took, "", "%.2f" % (took / most), limit, took <= most))
    return found
