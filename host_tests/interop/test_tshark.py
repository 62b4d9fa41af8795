"""Wireshark's dissectors read everything that the meter and the scripted peer said."""

from . import pcap


def test_tshark_decodes_every_capture(captures, tshark, tmp_path):
    datagrams = []
    tests = []
    for test, _, recorded in captures:
        datagrams += recorded
        tests += [test] * len(recorded)
    if not datagrams:
        import pytest

        pytest.skip("no capture in this session")
    file = tmp_path / "all.pcap"
    pcap.write(file, datagrams)
    (_, count), *faults = pcap.judge(tshark, file, {port for _, port, _ in captures})
    assert count == len(datagrams)
    assert not faults, ["%s: frame %d: %s" % (tests[n - 1], n, why) for n, why in faults]


def test_tshark_sees_what_is_broken(tshark, tmp_path):
    """The judge itself: a sound message, an option that is too long, and noise."""
    from .scripted import Datagram

    ends = ("127.0.0.1", 40001), ("127.0.0.1", 40002)
    data = [b"\x40\x01\0\1", b"\x40\x01\0\2\x75abcde", b"\x40\x01\0\3\x6f", b"no CoAP"]
    file = tmp_path / "broken.pcap"
    pcap.write(file, [Datagram(1700000000 + i, *ends, d, True) for i, d in enumerate(data)])
    (_, count), *faults = pcap.judge(tshark, file, [40002])
    assert count == 4
    assert [number for number, _ in faults] == [2, 3, 4], faults
