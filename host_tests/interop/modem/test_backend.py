"""A vendor's backend of one file, and what the configuration says of modems."""

import pathlib
import re
import time

import pytest

PAGE = pathlib.Path(__file__).parents[3] / "docs" / "transports.md"


@pytest.fixture
def lossy(tmp_path):
    """The page's example as a file where the meter finds it."""
    blocks = re.findall("```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (example,) = [block for block in blocks if "transport_lossy.py" in block]
    assert example.count("\n") < 40
    (tmp_path / "transport_lossy.py").write_text(example)


def test_the_pages_backend_of_one_file(peer, start, lossy):
    start(peer.uri, transport="lossy", coap={"ack_timeout": 500, "ack_random": 1000})
    began = time.monotonic()
    peer.register()  # its first datagram was lost
    assert time.monotonic() - began > 0.5


def test_native_dtls_above_a_transport_that_loses_every_second_datagram(peer, front, start, lossy):
    server = front()
    config = {"transport": "lossy", "dtls": {"backend": "native"}, "coap": {"ack_timeout": 1000}}
    start(server.account["uri"], servers=[server.account], **config)
    peer.register(30)


def test_the_pages_backend_refuses_in_one_line(start, lossy):
    meter = start("coap://127.0.0.1:9", transport="lossy", version="1.0")
    assert meter.wait() == 2
    assert 'version: "1.0": must be 1.1 or later with the transport lossy' in meter.lines[0]


def test_the_pages_table_is_the_one_of_the_tests():
    table = pathlib.Path(__file__).with_name("vendor") / "modem_fake.py"
    method = table.read_text().partition("        context = ")[2]
    assert method and method in PAGE.read_text()


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
