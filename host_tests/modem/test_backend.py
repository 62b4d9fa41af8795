"""A vendor's backend of one file, and what the configuration says of modems."""

import pytest


def test_a_backend_of_one_file(peer, start):
    start(peer.uri, transport="lossy", coap={"ack_timeout": 300})
    assert peer.wait_register().path == ["rd"]
    peer.register()  # again: every second datagram is lost, the answer is not


@pytest.mark.parametrize(
    ("modem", "line"),
    [
        ({}, "modem.device: null: must be an integer from 0 to 16"),
        ({"device": "/nowhere", "kind": "bg95"}, "must be a device that can be opened"),
        ({"device": 0, "kind": "bg96x"}, 'modem.kind: "bg96x": must be the name of a table'),
        ({"device": 0, "kind": "../x"}, 'modem.kind: "../x": must be the name of a table'),
        ({"device": 0, "kind": "bg95", "apn": 'a"\r'}, "modem.apn: null: must be a text"),
        ({"device": 0, "kind": "bg95", "baud": 1}, "modem.baud: 1: must be an integer from 1200"),
        ({"device": 0, "kind": "bg95", "push": 1}, "modem.push: 1: must be true or false"),
        ({"device": 0, "kind": "bg95", "pin": 1}, "modem.pin: no such setting; there are"),
        ([], "modem: []: must be an object in braces"),
    ],
)
def test_wrong_values_are_one_line(start, modem, line):
    meter = start("coap://127.0.0.1:9", modem=modem)
    assert meter.wait() == 2
    assert len(meter.lines) == 1 and line in meter.lines[0], meter.lines


def test_dtls_that_the_modem_does_not_have_is_refused(start):
    account = {"uri": "coaps://127.0.0.1:9", "identity": "x", "key": "00" * 16}
    modem = {"device": 0, "kind": "bg95"}
    meter = start(account["uri"], servers=[account], modem=modem, dtls={"backend": "modem"})
    assert meter.wait() == 2
    assert 'dtls.backend: "modem": must be own or native' in meter.lines[0]


def test_the_modem_as_backend_needs_its_section(start):
    meter = start("coap://127.0.0.1:9", transport="modem")
    assert meter.wait() == 2
    assert "modem: null: must be an object like" in meter.lines[0]


def test_an_unknown_transport(start):
    meter = start("coap://127.0.0.1:9", transport="carrier_pigeon")
    assert meter.wait() == 2
    assert 'transport: "carrier_pigeon": must be the name of a backend' in meter.lines[0]
