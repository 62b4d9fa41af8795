"""The limits of DTLS in `make bench`; those of CPU are host_tests/unit/test_dtls_cost.py's."""

import os

import pytest
from host_tests.bench import dtls
from host_tests.interop.dtls import peers


def test_handshakes_cost_less_than_those_of_openssls_client():
    try:
        there, without = dtls.handshakes(True), dtls.handshakes(False)
    except peers.NotHad as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))
    full, short = there["ours"][0], without["ours"][1]
    assert full.both <= dtls.FULL and full.datagrams == dtls.FULL_DATAGRAMS
    assert full.ours <= 254 + dtls.COOKIE + len(dtls.IDENTITY) + 1
    assert short.both <= dtls.SHORT and short.datagrams == dtls.SHORT_DATAGRAMS
    assert without["ours"][0].datagrams == 4
    for found in (there, without):
        for ours, openssl in zip(found["ours"], found["openssl"]):
            assert ours.both < openssl.both and ours.datagrams <= openssl.datagrams


def test_a_record_within_its_time():
    plain, cid, forged, _ = dtls.cpu()
    assert plain <= dtls.PAIR_US and cid <= dtls.PAIR_US and forged <= dtls.FORGED_US
