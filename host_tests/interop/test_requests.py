"""What the meter answers to a server's requests: once, in order, and nobody else's."""

import socket

import pytest

from . import wire
from .meter import QUICK
from .wire import (
    ACCEPT,
    BAD_OPTION,
    BLOCK2,
    CHANGED,
    CON,
    CONTENT,
    CONTENT_FORMAT,
    DELETE,
    GET,
    NON,
    NOT_ACCEPTABLE,
    NOT_ALLOWED,
    NOT_FOUND,
    POST,
    PUT,
    RST,
    TEXT,
    TLV,
    UNAUTHORIZED,
    UNSUPPORTED_FORMAT,
)

MAKER = b"micropython-lwm2m"


# Before and beside the registration


def test_requests_before_the_registration_are_ignored(peer, start):
    start(peer, coap={"ack_timeout": 2000})
    register = peer.wait_register()
    for kind in (CON, NON):
        for path in ("/3/0/0", "/3", "/nothing", ""):
            peer.send(peer.build(GET, path, kind=kind))
        peer.send(peer.build(POST, "/1/0/8", kind=kind))
    early = peer.build(GET, "/3/0/1")
    peer.send(early)
    peer.silence(0.5)
    peer.grant(register)
    assert peer.exchange(early).code == CONTENT  # it was ignored, not remembered
    peer.silence(0.3)  # nor did it run the Update trigger then


def test_another_address_is_never_heard(peer, registered):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.settimeout(0.5)
        stranger.sendto(peer.build(GET, "/3/0/0"), peer.meter)
        stranger.sendto(peer.build(POST, "/1/0/8"), peer.meter)
        with pytest.raises(TimeoutError):
            stranger.recv(2000)
    peer.silence(0.1)
    assert peer.read("/3/0/0").payload == MAKER


# Deduplication


@pytest.mark.parametrize("path", ["/1/0/8", "/1/0/4", "/3/0/4"])
def test_a_doubled_execute_runs_once(peer, registered, path):
    execute = peer.build(POST, path)
    peer.double = 1
    first = peer.exchange(execute)
    second = peer.heard()
    if second.token != first.token:  # the Update came between
        peer.backlog.append(second)
        second = peer.heard()
    assert first.code == CHANGED and first.data == second.data
    if path == "/1/0/8":
        peer.wait_update()
        assert peer.exchange(execute).data == first.data  # and later on, too
        peer.silence(0.5)
    elif path == "/1/0/4":
        peer.wait_deregister()
        peer.silence(0.5)
    else:
        peer.register()
        peer.silence(0.5)
        assert len([line for line in registered.lines if "rebooting" in line]) == 1


def test_a_lost_answer_is_repeated_from_memory(peer, registered):
    """Memory Free, or a running volume, would differ if the meter read it again."""
    for path in ("/3424/0/1", "/3/0/10", "/3424/0/4"):
        read = peer.build(GET, path)
        answer = peer.exchange(read)
        peer.lose = 1
        peer.send(read)
        assert peer.heard(0.3) is None
        assert peer.exchange(read).data == answer.data


def test_a_disable_whose_answer_was_lost_is_answered_before_leaving(peer, registered):
    disable = peer.build(POST, "/1/0/4")
    peer.lose = 1
    peer.send(disable)
    assert peer.heard(0.1) is None
    assert peer.exchange(disable).code == CHANGED
    peer.wait_deregister()
    peer.silence(0.3)


def test_an_execute_is_still_known_after_many_reads(peer, registered):
    execute = peer.build(POST, "/1/0/8")
    answer = peer.exchange(execute)
    peer.wait_update()
    for _ in range(50):
        peer.read("/3/0/0")
    assert peer.exchange(execute).data == answer.data
    peer.silence(0.5)


def test_a_non_confirmable_request_gets_such_an_answer(peer, registered):
    read = peer.build(GET, "/3/0/0", kind=NON)
    heard = peer.exchange(read)
    assert (heard.kind, heard.code, heard.payload) == (NON, CONTENT, MAKER)
    assert heard.mid != wire.Heard(read, 0).mid
    execute = peer.build(POST, "/1/0/8", kind=NON)
    peer.double = 1
    assert peer.exchange(execute).kind == NON
    peer.wait_update()
    peer.silence(0.5)


# The content


@pytest.mark.parametrize("accept", [None, TEXT])
def test_read_a_resource_as_text(peer, registered, accept):
    heard = peer.read("/3/0/0", accept)
    assert (heard.kind, heard.code) == (wire.ACK, CONTENT)
    assert (heard.format, heard.payload) == (TEXT, MAKER)


def test_read_as_tlv_at_every_level(peer, registered):
    expected = {
        "/1/0/1": "c2 01 01 2c",  # ETS 203: resource bits 11, lengths inside
        "/3/0/11": "83 0b 41 00 00",
        "/3/0/11/0": "41 00 00",
        "/3/0/16": "c1 10 55",
    }
    for path, tlv in expected.items():
        heard = peer.read(path, TLV)
        assert (heard.code, heard.format) == (CONTENT, TLV)
        assert heard.payload == bytes.fromhex(tlv), path
    instance = peer.read("/3/0", TLV).payload
    assert instance[:3] == b"\xc8\x00\x11" and instance[3:20] == MAKER
    whole = peer.read("/3", TLV).payload
    assert whole[0] == 0x08 and whole[1] == 0 and whole[2] == len(instance)
    assert len(whole) == 3 + len(instance)


@pytest.mark.parametrize(
    ("code", "path", "options", "expected"),
    [
        (GET, "/0", [], UNAUTHORIZED),
        (GET, "/0/0/0", [], UNAUTHORIZED),
        (PUT, "/0/0/0", [(CONTENT_FORMAT, 0)], UNAUTHORIZED),
        (GET, "/21", [], UNAUTHORIZED),
        (GET, "/9", [], NOT_FOUND),
        (GET, "/3/1", [], NOT_FOUND),
        (GET, "/3/0/99", [], NOT_FOUND),
        (GET, "/3/0/11/9", [], NOT_FOUND),
        (GET, "/3/0/0/0", [], NOT_FOUND),
        (GET, "/device", [], NOT_FOUND),
        (GET, "/03/0/0", [], NOT_FOUND),
        (GET, "/3/0/65535", [], NOT_FOUND),
        (GET, "/3/0/11/0/0", [], NOT_ALLOWED),
        (GET, "/3/0/4", [], NOT_ALLOWED),
        (GET, "/3/0/0", [(ACCEPT, 65000)], NOT_ACCEPTABLE),
        (GET, "/3/0", [(ACCEPT, TEXT)], NOT_ACCEPTABLE),
        (PUT, "/3/0/0", [(CONTENT_FORMAT, TEXT)], NOT_ALLOWED),
        (PUT, "/1/0/1", [(CONTENT_FORMAT, 65000)], UNSUPPORTED_FORMAT),
        (POST, "/3/0/0", [], NOT_ALLOWED),
        (POST, "/3", [], NOT_ALLOWED),
        (DELETE, "/3/0", [], NOT_ALLOWED),
        (GET, "/3/0/0", [(wire.LOCATION_PATH + 1, b"")], BAD_OPTION),
        (GET, "/3/0/0", [(65001, b"x")], BAD_OPTION),
        (GET, "/3/0/0", [(ACCEPT, b"\0\0\0")], BAD_OPTION),
        (GET, "/3/0/0", [(ACCEPT, TEXT), (ACCEPT, TEXT)], BAD_OPTION),
        (GET, "/3/0/0", [(35, "coap://elsewhere/")], 0xA5),
        (GET, "/3/0/0", [(39, "coap")], 0xA5),
        (GET, "/3/0/0", [(3, "meter"), (7, 5683)], CONTENT),
        (GET, "/3/0/0", [(65000, b"elective")], CONTENT),
    ],
)
def test_an_odd_request_gets_its_code(peer, registered, code, path, options, expected):
    payload = b"9" if code == PUT else b""
    sound = all(number < 65000 and value != b"\0\0\0" for number, value in options)
    datagram = peer.build(code, path, options, payload)
    peer.send(datagram, sound=sound and (9, b"") not in options)
    heard = peer.receive()
    assert heard.code == expected and heard.token == wire.Heard(datagram, 0).token
    assert heard.kind == wire.ACK
    assert peer.read("/1/0/1").payload == b"300"  # and nothing was changed


@pytest.mark.parametrize("value", ["", "x", "-", "1.5", "99999999999999999999999", "\udcff"])
def test_a_write_of_nonsense_changes_nothing(peer, registered, value):
    payload = value.encode("utf-8", "surrogateescape")
    heard = peer.request(PUT, "/1/0/1", [(CONTENT_FORMAT, TEXT)], payload)
    assert heard.code in (wire.BAD_REQUEST, NOT_ALLOWED)  # an empty PUT is Write-Attributes
    assert peer.read("/1/0/1").payload == b"300"
    peer.silence(0.2)


# Blocks


def test_a_read_longer_than_a_block_comes_in_blocks(peer, start):
    start(peer, coap={**QUICK, "szx": 0})
    while True:
        register = peer.wait_register()
        block = register.opt.block1
        if not block.more:
            break
        peer.answer(register, wire.CONTINUE, [(wire.BLOCK1, block.block_number << 4 | 8)])
    peer.grant(register)
    body = b""
    tags = set()
    while True:
        number = len(body) // 16
        options = [(BLOCK2, number << 4), (ACCEPT, TLV)] if number else [(ACCEPT, TLV)]
        heard = peer.request(GET, "/3/0", options)
        block = heard.opt.block2
        assert heard.code == CONTENT and block.block_number == number
        assert block.size_exponent == 0 and len(heard.payload) == 16 or not block.more
        tags.add(heard.opt.etag)
        body += heard.payload
        if not block.more:
            break
    assert len(tags) == 1 and None not in tags
    assert len(body) > 32 and body[:3] == b"\xc8\x00\x11" and body[3:20] == MAKER


def test_early_negotiation_of_a_smaller_block(peer, registered):
    whole = peer.read("/3/0", TLV).payload
    body = b""
    number = 0
    while True:
        heard = peer.request(GET, "/3/0", [(BLOCK2, number << 4 | 1), (ACCEPT, TLV)])
        body += heard.payload
        number += 1
        if not heard.opt.block2.more:
            break
    assert number == -(-len(whole) // 32)
    assert body[:20] == whole[:20] and abs(len(body) - len(whole)) < 3


def test_blocks_beyond_the_end_and_of_no_transfer(peer, registered):
    assert peer.request(GET, "/3/0/0", [(BLOCK2, 9 << 4)]).code == wire.BAD_REQUEST
    assert peer.request(GET, "/3/0/0", [(BLOCK2, 7)]).code == wire.BAD_REQUEST
    late = peer.request(PUT, "/1/0/1", [(CONTENT_FORMAT, 0), (wire.BLOCK1, 1 << 4)], b"9")
    assert late.code == 0x88
    assert peer.read("/1/0/1").payload == b"300"


# What is no message


def test_a_ping_is_answered_by_a_reset(peer, registered):
    peer.send(wire.encode(CON, 0, 4711))
    heard = peer.receive()
    assert (heard.kind, heard.code, heard.mid) == (RST, 0, 4711)


@pytest.mark.parametrize("code", [0x20, 0x3F, 0x60, 0xC0, 0xE1])
def test_a_reserved_class_is_rejected(peer, registered, code):
    for kind, answered in ((CON, True), (NON, False)):
        peer.send(wire.encode(kind, code, 4712, b"ab"), sound=False)
        if answered:
            heard = peer.receive()
            assert (heard.kind, heard.code, heard.mid) == (RST, 0, 4712)
        else:
            peer.silence(0.2)


@pytest.mark.parametrize(
    ("text", "answered"),
    [
        ("40 01 12 34 f0", True),  # an option delta of 15
        ("40 01 12 34 0f", True),  # an option length of 15
        ("40 01 12 34 b5 33", True),  # an option beyond the end
        ("40 01 12 34 d0", True),  # an extended delta beyond the end
        ("40 01 12 34 ff", True),  # a payload marker without a payload
        ("49 01 12 34 " + "00" * 9, True),  # a token of nine bytes
        ("44 01 12 34 00", True),  # a token beyond the end
        ("40 00 12 34 00", True),  # Empty, and more than four bytes
        ("50 01 12 34 ff", False),  # the like, non-confirmable
        ("60 00 12 34 00", False),
        ("70 00 12 34 00", False),
        ("00 01 12 34", False),  # CoAP version 0
        ("c0 01 12 34", False),  # CoAP version 3
        ("40 01 12", False),
        ("40", False),
        ("60 00 99 99", False),  # acknowledges nothing
        ("70 00 99 99", False),
        ("60 45 99 99", False),  # a response to nothing
        ("50 45 99 99", False),
        ("40 45 12 34", True),  # the like, confirmable
        ("60 01 12 34", False),  # a request in an acknowledgement
        ("70 01 12 34", False),
    ],
)
def test_a_malformed_message_is_reset_or_ignored(peer, registered, text, answered):
    peer.send(bytes.fromhex(text), sound=False)
    if answered:
        heard = peer.receive()
        assert heard.data == b"\x70\x00\x12\x34"
    peer.silence(0.15)
    assert peer.read("/3/0/0").payload == MAKER


def test_empty_and_oversized_datagrams_are_dropped(peer, registered):
    peer.send(b"", sound=False)
    for size in (1281, 4096, 9000, 65000):
        big = peer.build(GET, "/3/0/0", payload=bytes(size))
        peer.send(big, sound=False)
    peer.silence(0.2)
    assert peer.read("/3/0/0").payload == MAKER
