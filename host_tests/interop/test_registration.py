"""Registration when the server or the network misbehaves."""

import socket
import time

import pytest

from . import wire
from .meter import QUICK, wait_until
from .scripted import links
from .test_ets import query
from .wire import (
    BAD_REQUEST,
    BLOCK1,
    CHANGED,
    CONTINUE,
    CREATED,
    FORBIDDEN,
    LOCATION_PATH,
    PRECONDITION_FAILED,
    TOO_LARGE,
)

LOCATION = [(LOCATION_PATH, "rd"), (LOCATION_PATH, "1")]


# Versions


@pytest.mark.parametrize("first", ["1.2", "1.1", "1.0"])
def test_4_12_steps_down_the_versions(peer, start, first):
    meter = start(peer, version=first)
    tried = []
    while True:
        register = peer.wait_register()
        tried.append(query(register)["lwm2m"])
        if tried[-1] == "1.0":
            break
        assert links(register.payload)["/3"] == "ver=1.2"
        peer.answer(register, PRECONDITION_FAILED)
    assert tried == ["1.2", "1.1", "1.0"][-len(tried) :] and tried[0] == first
    assert links(register.payload)["/3"] == 'ver="1.2"'  # 1.0 has them in quotes
    peer.grant(register)
    meter.wait_log("LwM2M 1.0")


def test_4_12_to_1_0_too_is_a_refusal(peer, start):
    meter = start(peer, version="1.0")
    peer.answer(peer.wait_register(), PRECONDITION_FAILED)
    meter.wait_log("not registered: 4.12")
    peer.silence(0.5)


def test_a_version_found_is_kept_for_the_next_register(peer, start):
    start(peer, version="1.1")
    peer.answer(peer.wait_register(), PRECONDITION_FAILED)
    peer.register()
    assert peer.execute("/1/0/8") == CHANGED
    peer.answer(peer.receive(), wire.NOT_FOUND)
    assert query(peer.register())["lwm2m"] == "1.0"


@pytest.mark.parametrize("code", [BAD_REQUEST, FORBIDDEN, 0xA0])
def test_a_refused_register_is_not_hammered(peer, start, code):
    meter = start(peer)
    peer.answer(peer.wait_register(), code)
    meter.wait_log("not registered: %d.%02d" % (code >> 5, code & 31))
    peer.silence(1)  # the next try is due after a minute
    assert meter.running()


# A network that loses


def test_a_lost_register_is_repeated_at_doubling_times(peer, start):
    start(peer, coap={"ack_timeout": 100, "ack_random": 1000, "max_retransmit": 4})
    first = peer.wait_register()
    repeats = [peer.receive() for _ in range(4)]
    assert {heard.data for heard in repeats} == {first.data}
    times = [heard.at for heard in [first, *repeats]]
    for expected, a, b in zip((0.1, 0.2, 0.4, 0.8), times, times[1:], strict=False):
        assert expected - 0.03 < b - a < expected + 0.15, (expected, b - a)
    peer.grant(repeats[-1])
    assert peer.read("/3/0/1").code == wire.CONTENT


def test_the_first_timeout_is_spread(make_peer, start):
    """ACK_RANDOM_FACTOR 3: between 100 and 300 ms, and no two meters alike."""
    waits = []
    for _ in range(4):
        peer = make_peer()
        start(peer, coap={"ack_timeout": 100, "ack_random": 3000})
        waits.append(peer.wait_register().at)
        waits[-1] = peer.receive().at - waits[-1]
    assert all(0.09 < wait < 0.4 for wait in waits), waits
    assert max(waits) - min(waits) > 0.004, waits


def test_a_register_never_answered_is_given_up(peer, start):
    meter = start(peer, coap={**QUICK, "max_retransmit": 2})
    first = peer.wait_register()
    assert [peer.receive().mid for _ in range(2)] == [first.mid] * 2
    meter.wait_log("no answer from")
    peer.silence(1)  # the next try is due after a minute
    assert meter.running()


def test_losses_either_way_and_doubles_hurt_nobody(peer, start):
    peer.lose = 2
    peer.double = 100
    start(peer, coap={**QUICK, "max_retransmit": 4})
    peer.register()
    for _ in range(5):
        peer.lose = 1  # its answer
        datagram = peer.build(wire.GET, "/3/0/0")
        peer.send(datagram)
        assert peer.exchange(datagram).payload == b"micropython-lwm2m"
    peer.drain()
    assert peer.execute("/1/0/8") == CHANGED
    peer.lose = 2  # the Update and its repeat
    peer.drain()
    update = peer.wait_update()
    peer.silence(0.5)
    assert not update.query


def test_an_update_never_answered_leads_to_a_new_register(peer, start):
    start(peer, coap={**QUICK, "max_retransmit": 1})
    peer.register()
    before = peer.meter
    assert peer.execute("/1/0/8") == CHANGED
    assert peer.receive().mid == peer.receive().mid
    peer.register()
    assert peer.meter != before  # perhaps the network gave it a new address: a new socket
    assert peer.read("/3/0/0").code == wire.CONTENT


def test_a_rejected_register_is_a_refusal(peer, start):
    meter = start(peer)
    peer.reset(peer.wait_register())
    meter.wait_log("not registered")
    peer.silence(0.5)


def test_a_rejected_update_leads_to_a_new_register(peer, registered):
    assert peer.execute("/1/0/8") == CHANGED
    peer.reset(peer.receive())
    peer.register()


# Responses that come apart


@pytest.mark.parametrize("kind", [wire.CON, wire.NON])
def test_a_separate_response_to_register(peer, start, kind):
    meter = start(peer)
    register = peer.wait_register()
    peer.acknowledge(register)
    peer.silence(0.5)  # acknowledged: no repeat
    mid = peer.separate(register, CREATED, LOCATION, kind=kind)
    if kind == wire.CON:
        heard = peer.receive()
        assert (heard.kind, heard.code, heard.mid) == (wire.ACK, 0, mid)
    meter.wait_log("registered")
    assert peer.read("/3/0/0").code == wire.CONTENT


def test_a_repeated_separate_response_is_acknowledged_again(peer, start):
    start(peer)
    register = peer.wait_register()
    peer.acknowledge(register)
    response = wire.encode(wire.CON, CREATED, 0x1234, register.token, LOCATION)
    for _ in range(3):
        peer.send(response)
        heard = peer.receive()
        assert (heard.kind, heard.code, heard.mid) == (wire.ACK, 0, 0x1234)


def test_a_response_whose_acknowledgement_was_lost_counts(peer, start):
    meter = start(peer)
    register = peer.wait_register()
    peer.separate(register, CREATED, LOCATION)
    assert peer.receive().kind == wire.ACK
    meter.wait_log("registered")
    peer.silence(0.5)  # and the Register is not repeated


def test_a_response_with_a_wrong_token_is_reset(peer, start):
    start(peer)
    register = peer.wait_register()
    peer.send(wire.encode(wire.CON, CREATED, 77, b"\1\2\3\4\5", LOCATION))
    heard = peer.receive()
    while heard.data == register.data:  # still unanswered
        heard = peer.receive()
    assert (heard.kind, heard.code, heard.mid) == (wire.RST, 0, 77)


# A server that goes and comes


def test_a_server_that_comes_late_is_found(peer, start):
    """ECONNREFUSED is a loss, no end: the Register is repeated until somebody listens."""
    peer.close()
    meter = start(peer, coap={**QUICK, "max_retransmit": 5})
    wait_until(lambda: meter.cpu_ns() > 0)
    time.sleep(0.5)
    assert meter.running()
    peer.reopen()
    peer.register()
    assert peer.read("/3/0/0").code == wire.CONTENT


def test_a_closed_port_is_given_up_without_the_last_wait(peer, start):
    """Each transmission, after 0, 1 and 3 s, is refused: nothing is waited for until 7 s."""
    peer.close()
    begun = time.monotonic()
    meter = start(peer, coap={"ack_timeout": 1000, "ack_random": 1000, "max_retransmit": 2})
    meter.wait_log("no answer from")
    assert 3 < time.monotonic() - begun < 7
    assert meter.running()


def test_a_server_that_was_away_is_found_again(peer, registered):
    assert peer.execute("/1/0/8") == CHANGED
    peer.receive()  # the Update, unanswered
    peer.close()
    time.sleep(0.4)
    peer.reopen()
    peer.wait_update()
    assert peer.read("/3/0/0").code == wire.CONTENT


def test_a_server_restarted_without_memory_gets_a_new_register(peer, registered):
    peer.close()
    time.sleep(0.2)
    peer.reopen()
    assert peer.execute("/1/0/8") == CHANGED
    peer.answer(peer.receive(), wire.NOT_FOUND)
    assert links(peer.register().payload)["/3424/0"] == ""


# Addresses


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as one:
            one.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not _has_ipv6(), reason="this machine has no IPv6 loopback")
def test_an_ipv6_literal(make_peer, start):
    peer = make_peer("::1")
    meter = start(peer)
    assert peer.uri.startswith("coap://[::1]:")
    peer.register()
    assert peer.read("/3/0/0").payload == b"micropython-lwm2m"
    meter.interrupt()
    peer.wait_deregister()
    assert meter.wait() == 0


def test_a_dns_name(make_peer, start):
    peer = make_peer("::" if _has_ipv6() else "127.0.0.1")
    start("coap://localhost:%d" % peer.port)
    peer.register()
    assert peer.read("/3/0/0").payload == b"micropython-lwm2m"


def test_a_name_that_does_not_resolve_is_no_end(start):
    meter = start("coap://no-such-name.invalid:5683")
    meter.wait_log("no way to the server", 30)
    assert meter.running()
    meter.interrupt()
    assert meter.wait() == 0


# A list that is longer than a block


def body_of(peer, szx, answer_szx=None):
    """Collect a Register that comes in blocks, asking for smaller ones where the test says so."""
    body = b""
    blocks = []
    tokens = set()
    while True:
        register = peer.wait_register()
        block = register.opt.block1
        assert block.start == len(body)
        assert len(register.payload) == block.size or not block.more
        body += register.payload
        blocks.append(block.size_exponent)
        tokens.add(register.token)
        if not block.more:
            return body, register, blocks
        used = szx if answer_szx is None else answer_szx
        value = block.block_number << 4 | 8 | used
        peer.answer(register, CONTINUE, [(BLOCK1, value)])


@pytest.mark.parametrize("szx", [0, 1, 2])
def test_a_long_list_goes_block_by_block(peer, start, szx):
    meter = start(peer, coap={**QUICK, "szx": szx})
    body, last, blocks = body_of(peer, szx)
    assert set(blocks) == {szx} and len(blocks) == -(-len(body) // (16 << szx)) > 1
    assert links(body)["/3424/0"] == ""
    assert query(last) == {"ep": "meter", "lt": "300", "lwm2m": "1.1"}
    peer.answer(last, CREATED, [*LOCATION, (BLOCK1, last.opt.block1.block_number << 4 | szx)])
    meter.wait_log("registered")


def test_smaller_blocks_on_the_servers_wish(peer, start):
    meter = start(peer, coap={**QUICK, "szx": 2})
    body, last, blocks = body_of(peer, 2, answer_szx=0)
    assert blocks[0] == 2 and set(blocks[1:]) == {0}
    assert links(body)["/3424"] == "ver=1.1"
    peer.answer(last, CREATED, [*LOCATION, (BLOCK1, last.opt.block1.block_number << 4)])
    meter.wait_log("registered")


def test_4_13_with_a_smaller_block_starts_again(peer, start):
    meter = start(peer, coap={**QUICK, "szx": 2})
    peer.answer(peer.wait_register(), TOO_LARGE, [(BLOCK1, 0)])
    body, last, blocks = body_of(peer, 0)
    assert set(blocks) == {0}
    assert links(body)["/1/0"] == ""
    peer.answer(last, CREATED, [*LOCATION, (BLOCK1, last.opt.block1.block_number << 4)])
    meter.wait_log("registered")


def test_a_lost_block_is_repeated(peer, start):
    meter = start(peer, coap={**QUICK, "szx": 1})
    first = peer.wait_register()
    assert peer.receive().data == first.data  # the acknowledgement was lost
    peer.answer(first, CONTINUE, [(BLOCK1, 8 | 1)])
    second = peer.wait_register()
    assert second.opt.block1.block_number == 1
    peer.lose = 1
    assert peer.receive().data == second.data
    peer.answer(second, CONTINUE, [(BLOCK1, 1 << 4 | 8 | 1)])
    while True:
        last = peer.wait_register()
        block = last.opt.block1
        if not block.more:
            break
        peer.answer(last, CONTINUE, [(BLOCK1, block.block_number << 4 | 8 | 1)])
    peer.answer(last, CREATED, [*LOCATION, (BLOCK1, last.opt.block1.block_number << 4 | 1)])
    meter.wait_log("registered")
