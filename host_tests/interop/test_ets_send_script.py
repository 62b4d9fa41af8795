"""Send by script: each datagram of one, and what the meter does when a server will not have it."""

import cbor2
import pytest

from .leshan_session import setting
from .meter import CALM, REPORTING
from .wire import (
    BAD_REQUEST,
    BLOCK1,
    CHANGED,
    CON,
    CONTINUE,
    NOT_ALLOWED,
    NOT_FOUND,
    POST,
    TOO_LARGE,
)

SENML_CBOR = 112
UNAVAILABLE, MAX_AGE = 0xA3, 14
REST = 0.2
SAMPLES = [(1700000000 + 900 * i, 2**31 + 255 * i) for i in range(96)]
TEXT = "[(1700000000+900*i,2**31+255*i)for(i)in(range(96))]"


@pytest.fixture
def meter(whole_at):
    """The scripted peer of a meter that may send."""
    peer = whole_at(main=REPORTING, coap=CALM)
    heard = peer.request(POST, "/1/0", [(12, SENML_CBOR)], cbor2.dumps([{0: "/1/0/23", 4: False}]))
    assert heard.code == CHANGED
    return peer


def run(peer, rid: int, arguments: str) -> None:
    assert peer.request(POST, "/33001/0/%d" % rid, payload=arguments.encode()).code == CHANGED


def send(peer, paths: str) -> None:
    run(peer, 1, "0='112',1='%s'" % paths)


def received(peer):
    """The next message, which is a Send or a part of one."""
    heard = peer.receive()
    assert (heard.kind, heard.code, heard.path) == (CON, POST, ["dp"]), heard
    assert not heard.query and heard.format == SENML_CBOR
    return heard


def pack(payload: bytes) -> list:
    """[(path, time, value)] of a SenML CBOR pack with base values."""
    found = []
    name, since = "", None
    for record in cbor2.loads(payload):
        name, since = record.get(-2, name), record.get(-3, since)
        [value] = [record[label] for label in record if label in (2, 3, 4, 8)]
        time = None if since is None else since + record.get(6, 0)
        found.append((name + record.get(0, ""), time, value))
    return found


def test_ets_311_the_datagram(meter):
    """Two values and nothing else in it."""
    send(meter, "/1/0/1;/3/0/11/0")
    heard = received(meter)
    assert sorted(int(option.number) for option in heard.opt.option_list()) == [11, 12]
    assert pack(heard.payload) == [("/1/0/1", None, 300), ("/3/0/11/0", None, 0)]
    meter.answer(heard, CHANGED)
    meter.silence(REST)


def test_samples_are_one_pack_with_one_base_time(meter):
    """In the order of their times."""
    run(meter, 2, "0='112',1='/33001/0/5',2='%s'" % TEXT)
    heard = received(meter)
    blocks = heard.payload
    while heard.opt.block1.more:
        heard = next_block(meter, heard)
        blocks += heard.payload
    meter.answer(heard, CHANGED, [(BLOCK1, number(heard.opt.block1, False))])
    assert pack(blocks) == [("/33001/0/5", *sample) for sample in SAMPLES]
    bases = [record for record in cbor2.loads(blocks) if -2 in record or -3 in record]
    assert len(bases) == 1 and len(blocks) <= 1130
    meter.silence(REST)


def number(block, more: bool, exponent=None) -> int:
    """The value of a Block1 option."""
    exponent = block.size_exponent if exponent is None else exponent
    return block.block_number << 4 | more << 3 | exponent


def next_block(peer, heard, exponent=None):
    """Answer a block that is not the last one, by 2.31; the next one."""
    peer.answer(heard, CONTINUE, [(BLOCK1, number(heard.opt.block1, True, exponent))])
    return received(peer)


@pytest.mark.parametrize("exponent", [6, 5, 2])
def test_zephyr_blockwise_4_block_by_block(meter, exponent):
    """4 KiB; the server may want smaller blocks."""
    run(meter, 0, setting({"/19/0/0": "{0:bytes(range(256))*16}"}))
    send(meter, "/19/0/0/0")
    heard = received(meter)
    body = b""
    while heard.opt.block1.more:
        assert heard.opt.block1.start == len(body)
        body += heard.payload
        heard = next_block(meter, heard, exponent)
        assert heard.opt.block1.size_exponent == exponent
    body += heard.payload
    meter.answer(heard, CHANGED, [(BLOCK1, number(heard.opt.block1, False))])
    assert pack(body) == [("/19/0/0/0", None, bytes(range(256)) * 16)]
    meter.silence(REST)


@pytest.mark.parametrize("code", [BAD_REQUEST, NOT_FOUND])
def test_a_server_that_does_not_know_the_meter(meter, code):
    """An Update; a Register; then the same Send, once."""
    send(meter, "/3/0/16")
    first = received(meter)
    meter.answer(first, code)
    meter.wait_update()
    meter.location = ["rd", "anew"]
    meter.register()
    again = received(meter)
    assert again.payload == first.payload and again.token != first.token
    meter.answer(again, code)
    meter.silence(REST)
    send(meter, "/3/0/17")  # and the next one has its turn
    heard = received(meter)
    assert pack(heard.payload) == [("/3/0/17", None, "meter")]
    meter.answer(heard, CHANGED)


def test_an_update_that_is_refused_leads_to_a_register(meter):
    send(meter, "/3/0/16")
    first = received(meter)
    meter.answer(first, NOT_FOUND)
    send(meter, "/3/0/17")  # it waits its turn
    update = meter.receive()
    assert update.path == meter.location
    meter.answer(update, NOT_FOUND)
    meter.register()
    again = received(meter)
    assert again.payload == first.payload
    meter.answer(again, CHANGED)
    heard = received(meter)
    assert pack(heard.payload) == [("/3/0/17", None, "meter")]
    meter.answer(heard, CHANGED)
    meter.silence(REST)


def test_too_large_is_sent_in_pieces(meter):
    """4.13: halves, in order, until the server takes them."""
    run(meter, 2, "0='112',1='/33001/0/5',2='%s'" % TEXT.replace("96", "10"))
    seen = []
    while len(seen) < 10:
        heard = received(meter)
        samples = pack(heard.payload)
        if len(samples) > 3:
            meter.answer(heard, TOO_LARGE)
        else:
            meter.answer(heard, CHANGED)
            seen += samples
    assert [sample[1:] for sample in seen] == SAMPLES[:10]
    meter.silence(REST)


def test_unavailable_is_waited_for(meter):
    """5.03 with Max-Age; what else is to be sent waits, and an Update changes nothing."""
    send(meter, "/3/0/16")
    first = received(meter)
    meter.answer(first, UNAVAILABLE, [(MAX_AGE, 1)])
    send(meter, "/3/0/17")
    assert meter.execute("/1/0/8") == CHANGED
    meter.wait_update()
    again = received(meter)
    assert 0.9 < again.at - first.at < 1.6 and again.payload == first.payload
    meter.answer(again, CHANGED)
    heard = received(meter)
    assert pack(heard.payload) == [("/3/0/17", None, "meter")]
    meter.answer(heard, CHANGED)


def test_any_other_refusal_ends_it(meter):
    send(meter, "/3/0/16")
    meter.answer(received(meter), NOT_ALLOWED)
    meter.silence(REST)


def test_a_lost_answer_is_asked_for_by_the_same_message(meter):
    """A retransmission, not a new Send."""
    send(meter, "/3/0/16")
    first = received(meter)
    again = received(meter)
    assert first.data == again.data
    meter.answer(again, CHANGED)
    meter.silence(REST)
