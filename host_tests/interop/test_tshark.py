"""Wireshark's dissectors read everything that the meter and the scripted peer said."""

import os

import pytest

from . import pcap
from .scripted import Datagram


def test_tshark_decodes_every_capture(captures, tshark, tmp_path):
    tests = [test for test, _, capture in captures for _ in capture]
    if not tests:
        assert os.environ.get("CI") != "true", "CI runs all tests, and there is no capture"
        pytest.skip("no capture in this session")
    file = tmp_path / "all.pcap"
    pcap.write(file, [capture for _, _, capture in captures])
    (_, count), *faults = pcap.faults_of(tshark, file, {port for _, port, _ in captures})
    assert count == len(tests)
    assert not faults, ["%s: frame %d: %s" % (tests[n - 1], n, why) for n, why in faults]


def test_tshark_sees_what_is_broken(tshark, tmp_path):
    """The check itself: a sound message, an option that is too long, and noise."""
    broken = [b"\x40\x01\0\2\x75abcde", b"\x40\x01\0\3\x6f", b"no CoAP"]
    capture = [
        Datagram(1700000000.0 + i, True, 40002, 40001, True, data, True)
        for i, data in enumerate([b"\x40\x01\0\1", *broken])
    ]
    file = tmp_path / "broken.pcap"
    pcap.write(file, [capture, [capture[0]._replace(ipv4=False)]])
    (_, count), *faults = pcap.faults_of(tshark, file, [40002])
    assert count == 5
    assert [number for number, _ in faults] == [2, 3, 4], faults
