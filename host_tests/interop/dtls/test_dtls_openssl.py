"""lib/dtls and OpenSSL's server understand each other, from CPython and inside the Unix port.

Every suite; cookies (its default); extended master secret with and without; fragments at a small
MTU; resumption; a session that survives a sleep; and what goes wrong on purpose. The limits on
bytes and datagrams are in `test_what_a_handshake_costs`.
"""

import pytest

from .conftest import IDENTITY, KEY, cannot

CCM_8, CCM, CBC = 0xC0A8, 0xC0A4, 0x00AE
QUICK = {"first_timeout": 100, "max_retransmit": 2}
NO_EMS = "Options = -ExtendedMasterSecret\n"


def talk(server, drive, *steps, **job):
    """Shake hands, say something, hear the answer, then more steps."""
    server.answer("hello there", "welcome")
    report = drive(server, "shake", ["send", "hello there\n"], "recv", *steps, **job)
    assert server.saw("hello there"), (server.lines, report)
    assert report["got"][:1] == ["welcome\n"], report
    return report


def failed(report, *codes):
    """The attempt ended so."""
    (shake,) = report["shakes"]
    assert shake["state"] == 0 and shake["failed"] in codes, shake
    return shake


@pytest.mark.parametrize("suite", [CCM_8, CCM, CBC])
def test_every_suite(openssl, drive, suite):
    report = talk(openssl(suites=[suite]), drive, suites=[suite])
    assert report["shakes"][0]["ems"]
    assert report["shakes"][0]["etm"] == (suite == CBC)


def test_what_a_handshake_costs(openssl, drive):
    server = openssl()
    report = talk(server, drive, "close", ["wait", 200], "shake", "close")
    first, second = report["shakes"]
    assert len(IDENTITY) == 10
    assert first["datagrams"] == 6
    assert first["ours"] == 254 + 20 + 10  # OpenSSL's cookie has 20 bytes
    assert first["ours"] + first["theirs"] <= 535
    # s_server wants a cookie here too: one more ClientHello and its answer, 20 bytes in the other.
    cookie = 112 + (13 + 12 + 3 + 20) + 20
    assert second["resumed"] and second["datagrams"] == 3 + 2
    assert second["ours"] + second["theirs"] <= 370 + cookie


def test_without_extended_master_secret(openssl, drive):
    report = talk(openssl(config=NO_EMS), drive, "close", "shake", "close")
    assert not report["shakes"][0]["ems"]
    assert report["shakes"][1]["resumed"]


def test_a_hint(openssl, drive):
    talk(openssl(options=["-psk_hint", "h" * 128]), drive)


def test_tickets_off_and_listening_with_cookies(openssl, drive):
    talk(openssl(options=["-no_ticket", "-listen"]), drive)


def test_a_small_mtu_at_the_server(openssl, drive):
    server = openssl(options=["-mtu", "256", "-psk_hint", "h" * 128])
    report = talk(server, drive)
    assert report["shakes"][0]["theirs"] > 256
    assert max(len(data) // 2 for out, data, _ in report["capture"] if not out) <= 256


def test_a_small_mtu_here(openssl, drive):
    report = talk(openssl(), drive, "close", "shake", "close", settings={"mtu": 110})
    assert report["shakes"][1]["resumed"]  # its ClientHello of 132 bytes went in fragments
    assert max(len(data) // 2 for out, data, _ in report["capture"] if out) <= 110


def test_long_identity_and_key(openssl, drive):
    identity, key = b"i" * 128, bytes(range(64))
    talk(openssl(name=identity, key=key), drive, identity=identity, key=key)


def test_a_session_survives_a_sleep(openssl, drive):
    server = openssl()
    server.answer("after sleep", "good morning")
    report = talk(server, drive, "sleep", ["send", "after sleep\n"], "recv")
    assert report["restored"] is True
    assert len(report["shakes"]) == 1 and report["established"]
    assert report["got"] == ["welcome\n", "good morning\n"]
    assert server.saw("after sleep")


def test_encrypt_then_mac_is_insisted_on(openssl, drive):
    server = openssl(suites=[CBC], options=["-no_etm"])
    failed(drive(server, "shake", suites=[CBC], settings=QUICK), 40)


def test_mac_then_encrypt_where_a_setting_allows_it(openssl, drive):
    server = openssl(suites=[CBC], options=["-no_etm"])
    report = talk(server, drive, suites=[CBC], settings={"mac_then_encrypt": True})
    assert not report["shakes"][0]["etm"]


def test_a_wrong_key_is_silence_and_a_log_line(openssl, drive):
    report = drive(openssl(), "shake", key=b"wrong", settings=QUICK)
    failed(report, -1, 20, 51)
    if report["shakes"][0]["failed"] == -1:
        assert [1, "dtls no answer: wrong key?"] in report["log"]


def test_a_suite_that_the_server_has_not(openssl, drive):
    failed(drive(openssl(suites=["PSK-AES128-GCM-SHA256"]), "shake", settings=QUICK), 40)


def test_an_older_version(openssl, drive):
    server = openssl(suites=["PSK-AES128-CBC-SHA"], options=["-dtls1"])
    failed(drive(server, "shake", settings=QUICK), 70, 40)


def test_nobody_there(drive):
    class Nobody:
        port = 9

    report = drive(Nobody, "shake", settings={"first_timeout": 20, "max_retransmit": 3})
    failed(report, -1)
    assert [1, "dtls no answer"] in report["log"]


def test_a_server_that_restarted_is_shaken_hands_with_again(openssl, drive):
    """It has forgotten all: two datagrams are lost to it, then the third makes a handshake."""
    server = openssl()
    server.answer("third", "hello again")
    steps = ["shake", "sleep", "close", "sleep"]
    # After `close` the store holds a spent session: the second sleep is no sleep.
    report = drive(server, *steps, ["send", "third\n"], "shake", "recv")
    assert report["restored"] is False
    assert report["shakes"][1]["resumed"] and report["got"] == ["hello again\n"]


def test_a_peer_that_cannot_start_fails_in_ci(monkeypatch):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception):
        cannot("reason")
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception):
        cannot("reason")
    assert len(KEY) == 16
