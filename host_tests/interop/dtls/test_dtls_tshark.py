"""Wireshark's dissectors, given the key, decrypt what lib/dtls and each server said to each other.

All application data is there, and nothing is malformed; nor does the key show in any capture.
"""

import subprocess

import pytest

from .. import pcap
from ..scripted import Datagram
from .conftest import KEY

CCM_8, CCM, CBC = 0xC0A8, 0xC0A4, 0x00AE
FIELDS = ("data.data", "_ws.malformed", "dtls.alert_message.desc")


def decrypted(tshark, file, port):
    """Columns of what tshark makes of a capture: a list a field."""
    command = [tshark, "-n", "-r", str(file), "-d", "udp.port==%d,dtls" % port]
    command += ["-o", "dtls.psk:" + KEY.hex(), "-T", "fields", "-E", "separator=/t"]
    for field in FIELDS:
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    rows = [(row + "\t" * len(FIELDS)).split("\t") for row in done.stdout.splitlines()]
    return [[row[i] for row in rows if row[i]] for i in range(len(FIELDS))]


@pytest.mark.parametrize("suite", [CCM_8, CCM, CBC])
@pytest.mark.parametrize("ems", [True, False])
def test_tshark_decrypts_a_session(openssl, drive, tshark, tmp_path, suite, ems):
    config = "" if ems else "Options = -ExtendedMasterSecret\n"
    server = openssl(suites=[suite], config=config)
    server.answer("from the meter", "to the meter")
    steps = ["shake", ["send", "from the meter\n"], "recv", "close", ["wait", 100]]
    report = drive(server, *steps, suites=[suite])
    assert report["got"] == ["to the meter\n"]
    check_report(report, server.port, tshark, tmp_path, [b"from the meter\n", b"to the meter\n"])


def test_tshark_decrypts_a_session_with_cids(scandium, drive, tshark, tmp_path):
    server = scandium(6)
    report = drive(server, "shake", ["send", "meter"], "recv", cid=b"me".hex())
    assert report["got"] == ["METER"]
    check_report(report, server.port, tshark, tmp_path, [b"meter", b"METER"], closed=False)


@pytest.mark.parametrize("name, cid", [("tinydtls", None), ("mbedtls", None), ("pion", 8)])
def test_tshark_decrypts_what_other_servers_said(shouting, drive, tshark, tmp_path, name, cid):
    server = shouting(name, cid)
    # The wait: pion 3.1.15 may lose what arrives while it still ends its side of the handshake.
    report = drive(server, "shake", ["wait", 100], ["send", "meter"], "recv")
    assert report["got"] == ["METER"], (report["shakes"], report["log"], server.lines[-5:])
    check_report(report, server.port, tshark, tmp_path, [b"meter", b"METER"], closed=False)


def check_report(report, port, tshark, tmp_path, expected, closed=True):
    """Have tshark decrypt a run's capture, and hold it to what was said."""
    capture = []
    for out, data, ms in report["capture"]:
        at = 1700000000 + ms / 1000
        capture.append(Datagram(at, True, port, 40000, bool(out), bytes.fromhex(data), True))
    assert all(KEY not in one.data for one in capture)
    file = tmp_path / "dtls.pcap"
    pcap.write(file, [capture])
    data, malformed, alerts = decrypted(tshark, file, port)
    assert [bytes.fromhex(one) for one in data] == expected
    assert not malformed
    assert set(alerts) == ({"0"} if closed else set())  # close_notify, from both
