"""lib/dtls and Californium's Scandium, which Leshan stands on, understand each other.

Connection IDs of 0, 6 and 20 bytes (OpenSSL has none); no handshake when the client's address
changes; every suite; resumption; a session that survives a sleep at another address; what goes
wrong.
"""

import pytest

from .conftest import IDENTITY

CCM_8, CCM, CBC = 0xC0A8, 0xC0A4, 0x00AE
COOKIE = 32


SAY = (["send", "one"], "recv")


@pytest.mark.parametrize("cid", [0, 6, 20])
def test_connection_ids(scandium, drive, cid):
    """The handshake costs what it may; a new address needs none where there is a CID."""
    steps = ("shake", *SAY, "socket", ["send", "two"], ["recv", 5000 if cid > 0 else 300])
    report = drive(scandium(cid), *steps)
    shake = report["shakes"][0]
    assert shake["state"] == 2 and shake["ems"] and shake["datagrams"] == 6
    assert shake["ours"] == 254 + COOKIE + len(IDENTITY) + (1 + cid if cid > 0 else 0)
    if cid > 0:
        assert report["got"] == ["ONE", "TWO"] and len(report["capture"]) == 2
    else:
        assert report["got"] == ["ONE"]


@pytest.mark.parametrize("suite", [CCM_8, CCM, CBC])
def test_every_suite_and_resumption(scandium, drive, suite):
    steps = ["shake", *SAY, "close", ["wait", 50], "shake", ["send", "two"], "recv"]
    # Scandium does not know encrypt-then-MAC: only where a setting allows that.
    settings = {"mac_then_encrypt": suite == CBC}
    report = drive(scandium(6), *steps, suites=[suite], settings=settings)
    assert report["got"] == ["ONE", "TWO"]
    first, second = report["shakes"]
    assert not first["resumed"] and second["resumed"] and not first["etm"]
    assert second["datagrams"] <= 5
    if suite == CCM_8:  # at most 370 B, and what another cookie costs
        assert second["ours"] + second["theirs"] <= 370 + 112 + 60 + COOKIE + 2 * (1 + 6)


def test_a_server_without_encrypt_then_mac_is_refused(scandium, drive):
    quick = {"first_timeout": 100, "max_retransmit": 2}
    (shake,) = drive(scandium(6), "shake", suites=[CBC], settings=quick)["shakes"]
    assert shake["failed"] == 40


def test_our_own_cid_in_both_directions(scandium, drive):
    report = drive(scandium(6), "shake", *SAY, cid=b"me".hex())
    assert report["got"] == ["ONE"]
    last = bytes.fromhex(report["capture"][-1][1])
    assert last[0] == 25 and last[11:13] == b"me"


def test_a_sleep_and_a_new_address(scandium, drive):
    steps = ["shake", *SAY, "sleep", "socket", ["send", "two"], "recv"]
    report = drive(scandium(6), *steps)
    assert report["restored"] is True and report["got"] == ["ONE", "TWO"]
    assert len(report["shakes"]) == 1


def test_without_a_cid_a_new_address_is_found_out_and_shaken_hands_at(scandium, drive):
    """Two datagrams that nobody answers, then a handshake, and what waited for it is sent.

    A text that begins with B looks like a confirmable message of CoAP, which demands an answer.
    """
    again = [["send", "Btwo"], ["wait", 50]]
    steps = ["shake", *SAY, "sleep", "socket", *again, *again, ["send", "Btwo"], "shake", "recv"]
    report = drive(scandium(0), *steps)
    assert report["restored"] is True and report["got"] == ["ONE", "BTWO"]
    sent = [bytes.fromhex(data) for out, data, _ in report["capture"] if out]
    assert [one[0] for one in sent[:3]] == [23, 23, 22]
    assert report["shakes"][1]["state"] == 2


def test_a_wrong_key_and_a_stranger(scandium, drive):
    quick = {"first_timeout": 100, "max_retransmit": 2}
    for job in ({"key": b"wrong"}, {"identity": b"stranger"}):
        report = drive(scandium(6), "shake", ["wait", 20], settings=quick, **job)
        (shake,) = report["shakes"]
        assert shake["state"] == 0 and shake["failed"] in (-1, 20, 40, 51, 115)


def test_a_small_mtu(scandium, drive):
    report = drive(scandium(20), "shake", *SAY, settings={"mtu": 120})
    assert report["got"] == ["ONE"]
