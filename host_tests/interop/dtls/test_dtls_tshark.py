"""Wireshark's dissectors, given the key, decrypt what lib/dtls and OpenSSL said to each other.

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
    capture = []
    for out, data, ms in report["capture"]:
        at, ports = 1700000000 + ms / 1000, (server.port, 40000)
        capture.append(Datagram(at, True, *ports, bool(out), bytes.fromhex(data), True))
    assert all(KEY not in one.data for one in capture)
    file = tmp_path / "dtls.pcap"
    pcap.write(file, [capture])
    data, malformed, alerts = decrypted(tshark, file, server.port)
    texts = [bytes.fromhex(one) for one in data]
    assert texts == [b"from the meter\n", b"to the meter\n"]
    assert not malformed
    assert alerts and set(alerts) == {"0"}  # close_notify, from both
